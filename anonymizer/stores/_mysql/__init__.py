"""MySQL and MariaDB scripts: text, session settings, tokens, schema, literals and the rows of INSERT."""
