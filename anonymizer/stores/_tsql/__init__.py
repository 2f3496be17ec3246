"""Transact-SQL scripts: batches, tokens, schema, rows of INSERT and of BULK INSERT, dates and types of SQL Server."""
