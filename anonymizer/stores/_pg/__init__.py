"""PostgreSQL: types, schema, statements, COPY rows, and the archives of pg_dump with their table of contents."""
