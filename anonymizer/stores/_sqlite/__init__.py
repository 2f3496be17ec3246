"""SQLite: schema, cells, the image of a file, and what its engine makes of a script."""
