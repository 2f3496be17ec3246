"""What SQL scripts of all dialects share: text with its statements, INSERT rows, spans, several files as one."""
