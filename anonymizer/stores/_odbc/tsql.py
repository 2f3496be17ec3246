"""Every T-SQL statement that is sent to SQL Server, in one place; none of them was tried on a real one.

Names in braces are put in already quoted. Sources: Microsoft's "System catalog views", "CAST and CONVERT", "ALTER
TABLE", "SET TRANSACTION ISOLATION LEVEL", "DBCC CHECKIDENT".
"""

from __future__ import annotations

# --- the session

SESSION = (
    "SET NOCOUNT ON",
    "SET LANGUAGE us_english",
    "SET DATEFORMAT ymd",
    "SET TEXTSIZE 2147483647",
    "SET XACT_ABORT ON",
    "SET ANSI_NULLS ON",
    "SET ANSI_PADDING ON",
    "SET ANSI_WARNINGS ON",
    "SET ARITHABORT ON",
    "SET QUOTED_IDENTIFIER ON",
    "SET CONCAT_NULL_YIELDS_NULL ON",
    "SET NUMERIC_ROUNDABORT OFF",
)
SNAPSHOT_ALLOWED = "SELECT snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID()"
SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL SNAPSHOT"
COMMITTED = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"
IDENTITY = "SELECT CAST(SERVERPROPERTY('ServerName') AS nvarchar(256)), DB_NAME()"

# --- the catalogue

COLUMNS = """
SELECT s.name, t.name, c.name, bt.name, c.max_length, c.precision, c.scale, CAST(c.is_nullable AS int),
       CAST(c.is_identity AS int), CAST(c.is_computed AS int), c.generated_always_type, d.definition,
       CAST(p.value AS nvarchar(4000)), CAST(tp.value AS nvarchar(4000)), t.temporal_type, c.encryption_type
FROM sys.tables AS t
JOIN sys.schemas AS s ON s.schema_id = t.schema_id
JOIN sys.columns AS c ON c.object_id = t.object_id
LEFT JOIN sys.types AS bt ON bt.user_type_id =
     CASE WHEN c.user_type_id > 256 AND c.system_type_id <> 240 THEN c.system_type_id ELSE c.user_type_id END
LEFT JOIN sys.default_constraints AS d ON d.object_id = c.default_object_id
LEFT JOIN sys.extended_properties AS p
     ON p.class = 1 AND p.major_id = t.object_id AND p.minor_id = c.column_id AND p.name = N'MS_Description'
LEFT JOIN sys.extended_properties AS tp
     ON tp.class = 1 AND tp.major_id = t.object_id AND tp.minor_id = 0 AND tp.name = N'MS_Description'
WHERE t.is_ms_shipped = 0
ORDER BY s.name, t.name, c.column_id"""

UNIQUE = """
SELECT s.name, t.name, i.name, CAST(i.is_primary_key AS int), c.name
FROM sys.indexes AS i
JOIN sys.tables AS t ON t.object_id = i.object_id
JOIN sys.schemas AS s ON s.schema_id = t.schema_id
JOIN sys.index_columns AS ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id
JOIN sys.columns AS c ON c.object_id = ic.object_id AND c.column_id = ic.column_id
WHERE i.is_unique = 1 AND i.has_filter = 0 AND i.is_disabled = 0 AND ic.is_included_column = 0 AND t.is_ms_shipped = 0
ORDER BY s.name, t.name, i.index_id, ic.key_ordinal"""

FOREIGN = """
SELECT s.name, t.name, k.name, c.name, rs.name, rt.name, rc.name
FROM sys.foreign_keys AS k
JOIN sys.tables AS t ON t.object_id = k.parent_object_id
JOIN sys.schemas AS s ON s.schema_id = t.schema_id
JOIN sys.foreign_key_columns AS kc ON kc.constraint_object_id = k.object_id
JOIN sys.columns AS c ON c.object_id = kc.parent_object_id AND c.column_id = kc.parent_column_id
JOIN sys.tables AS rt ON rt.object_id = k.referenced_object_id
JOIN sys.schemas AS rs ON rs.schema_id = rt.schema_id
JOIN sys.columns AS rc ON rc.object_id = kc.referenced_object_id AND rc.column_id = kc.referenced_column_id
ORDER BY s.name, t.name, k.name, kc.constraint_column_id"""

CHECKS = """
SELECT s.name, t.name, k.name, k.definition
FROM sys.check_constraints AS k
JOIN sys.tables AS t ON t.object_id = k.parent_object_id
JOIN sys.schemas AS s ON s.schema_id = t.schema_id
ORDER BY s.name, t.name, k.name"""

# --- loading

TRIGGERS = """
SELECT s.name, t.name, g.name
FROM sys.triggers AS g
JOIN sys.tables AS t ON t.object_id = g.parent_id
JOIN sys.schemas AS s ON s.schema_id = t.schema_id
WHERE g.is_disabled = 0"""

CONSTRAINTS = """
SELECT s.name, t.name, k.name
FROM sys.foreign_keys AS k
JOIN sys.tables AS t ON t.object_id = k.parent_object_id
JOIN sys.schemas AS s ON s.schema_id = t.schema_id
WHERE k.is_disabled = 0
UNION ALL
SELECT s.name, t.name, k.name
FROM sys.check_constraints AS k
JOIN sys.tables AS t ON t.object_id = k.parent_object_id
JOIN sys.schemas AS s ON s.schema_id = t.schema_id
WHERE k.is_disabled = 0"""

UNTRUSTED = """
SELECT s.name, t.name, k.name
FROM sys.foreign_keys AS k
JOIN sys.tables AS t ON t.object_id = k.parent_object_id
JOIN sys.schemas AS s ON s.schema_id = t.schema_id
WHERE k.is_not_trusted = 1
UNION ALL
SELECT s.name, t.name, k.name
FROM sys.check_constraints AS k
JOIN sys.tables AS t ON t.object_id = k.parent_object_id
JOIN sys.schemas AS s ON s.schema_id = t.schema_id
WHERE k.is_not_trusted = 1"""

COUNTERS = """
SELECT s.name, t.name, CAST(c.last_value AS nvarchar(40))
FROM sys.identity_columns AS c
JOIN sys.tables AS t ON t.object_id = c.object_id
JOIN sys.schemas AS s ON s.schema_id = t.schema_id
WHERE c.last_value IS NOT NULL"""

DISABLE_TRIGGER = "DISABLE TRIGGER {trigger} ON {table}"
ENABLE_TRIGGER = "ENABLE TRIGGER {trigger} ON {table}"
UNCHECKED = "ALTER TABLE {table} NOCHECK CONSTRAINT {constraint}"
CHECKED = "ALTER TABLE {table} WITH CHECK CHECK CONSTRAINT {constraint}"
CHECKED_LATER = "ALTER TABLE {table} WITH NOCHECK CHECK CONSTRAINT {constraint}"
ADD_NUMBER = "ALTER TABLE {table} ADD {column} bigint NULL"
DROP_NUMBER = "ALTER TABLE {table} DROP COLUMN {column}"
IDENTITY_ON = "SET IDENTITY_INSERT {table} ON"
IDENTITY_OFF = "SET IDENTITY_INSERT {table} OFF"
RESEED = "DBCC CHECKIDENT ({literal}, RESEED, {last})"

# --- rows

ANY_ROW = "SELECT TOP (1) 1 FROM {table}"
SAMPLE = (
    "SELECT {columns} FROM (SELECT {inner}, ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS anonymizer_row FROM {table})"
    " AS numbered WHERE anonymizer_row % {step} = 0"
)
BINARY_ORDER = "{column} COLLATE Latin1_General_BIN2"
CUT = "LEFT({text}, {length})"

_HEX = "N'\\x' + LOWER(CONVERT(nvarchar(max), CAST({{column}} AS varbinary(max)), 2))"
_FROM_HEX = "CONVERT(varbinary(max), STUFF({value}, 1, 2, N''), 2)"

READ = {
    "date": "CONVERT(nvarchar(10), {column}, 23)",
    "datetime": "CONVERT(nvarchar(23), {column}, 121)",
    "smalldatetime": "CONVERT(nvarchar(19), {column}, 120)",
    "datetime2": "CONVERT(nvarchar(27), {column}, 121)",
    "time": "CONVERT(nvarchar(16), {column}, 121)",
    "datetimeoffset": "REPLACE(REPLACE(CONVERT(nvarchar(34), {column}, 121), N' +', N'+'), N' -', N'-')",
    "money": "CONVERT(nvarchar(30), {column}, 2)",
    "smallmoney": "CONVERT(nvarchar(30), {column}, 2)",
    "float": "{column}",  # as a number: there is no style that gives the shortest digits
    "real": "CONVERT(nvarchar(30), {column}, 3)",
    **dict.fromkeys(("binary", "varbinary", "image", "hierarchyid", "geography", "geometry"), _HEX.format()),
}
"""How a column of a type becomes text; any other by `READ_TEXT`."""
READ_TEXT = "CONVERT(nvarchar(max), {column})"

WRITE = {
    "date": "CAST({value} AS date)",
    "datetime": "CAST(CAST({value} AS datetime2(7)) AS datetime)",
    "smalldatetime": "CAST(CAST({value} AS datetime2(7)) AS smalldatetime)",
    "datetime2": "CAST({value} AS datetime2(7))",
    "time": "CAST({value} AS time(7))",
    "datetimeoffset": "CAST({value} AS datetimeoffset(7))",
    "money": "CAST({value} AS money)",
    "smallmoney": "CAST({value} AS smallmoney)",
    "float": "CAST({value} AS float)",
    "real": "CAST({value} AS real)",
    **dict.fromkeys(("binary", "varbinary", "image"), _FROM_HEX),
    **{name: f"CAST({_FROM_HEX} AS {name})" for name in ("hierarchyid", "geography", "geometry")},
}
"""How text becomes a value of a type; any other by itself: too long a text is refused and not cut off."""
