"""Text tables: dialect, cells with their places, types, and the Data Package that describes a folder."""
