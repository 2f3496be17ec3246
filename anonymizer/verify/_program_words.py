"""Single words that name nobody: those of SQL and of every program, and the names in the schema.

A login or secret that is one of them may stand anywhere. Sources: the key words of PostgreSQL's manual, appendix C, of
six letters or more; names of accounts and first passwords that programs are delivered with.
"""

from __future__ import annotations

from collections.abc import Iterator

from anonymizer.model.schema import Schema

_SQL = """
absolute access action aggregate analyze before between bigint binary boolean cascade catalog change character check
cluster collate column columns comment commit concat concurrently conflict connect constraint content continue create
current cursor database decimal declare default deferrable deferred delete depends detach dictionary disable discard
distinct document domain double enable encoding except exclude execute exists explain extension external extract
family filter finalize following foreign format freeze function generated global granted greatest groups handler
having header identity ignore immediate immutable implicit import include including increment indexes inherit inherits
initially inline inside instead integer intersect interval isolation language lateral leading leakproof length limit
listen local location locked logged mapping matched materialized maxvalue method minute minvalue module national
natural normalize nothing notify nowait nullif numeric object offset operator option options ordinality others outer
overlaps overriding parallel parameter parser partial partition password placing policy position precision prepare
preceding prepared preserve primary privileges procedural procedure program public publication quoted reassign
recursive references refresh reindex relative release rename repeatable replace replica reset restart restrict
return returning returns revoke rollback rollup routine schema schemas scroll search second security select sequence
server session setting simple smallint snapshot source stable standalone standard statement static statistics storage
stored strict string substring subscription support symmetric system tables tablespace template temporary ties time
timestamp trailing transaction transform trigger trusted truncate unbounded unique unknown unlogged update user using
vacuum validate validator values varchar variadic varying verbose version volatile warning whitespace window within
without wrapper zone
"""
_ACCOUNTS = """
account accounts admin admins administrator administrators anonymous archive author backup bootstrap changeme client
customer default delivery deploy developer editor employee example finance guest helpdesk install invoice invoicing
letmein machine manager managers marketing master member monitor mssql mysql nobody office operator oracle orders
owner passwd password passwords planning postgres postgresql private production project purchase qwerty readonly
reader reception reports robot sales scanner secret service services shipping sqlite staff stock student supervisor
support support sysadmin teacher tester testing trainee trainer training unknown upload username users viewer
visitor warehouse webmaster website welcome welkom worker writer
"""


def program_words(schema: Schema) -> Iterator[str]:
    """All of them; names of several words are taken apart by the caller."""
    yield from (_SQL + _ACCOUNTS).split()
    for table in schema.tables:
        yield table.name.schema
        yield table.name.name
        yield from (column.name for column in table.columns)
        yield from (column.type for column in table.columns)
