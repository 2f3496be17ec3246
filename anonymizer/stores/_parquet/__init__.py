"""Parquet files: layout of a folder, row groups, and the Data Package that says what files do not."""
