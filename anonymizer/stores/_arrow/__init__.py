"""Arrow tables, DataFrames and nested values as rows of text: what tables in memory and Parquet share."""
