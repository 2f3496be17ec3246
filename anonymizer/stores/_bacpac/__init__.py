"""The parts of a SQL Server package: model, rows in their binary form, the bytes of the archive."""
