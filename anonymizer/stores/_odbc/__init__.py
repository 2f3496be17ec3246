"""Databases by ODBC: link, catalogue, loading, and one dialect for each product."""
