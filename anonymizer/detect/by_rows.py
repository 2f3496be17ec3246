"""Notices the one row that tells of whoever owns the database: a table of firms, schools or shops with a single row.

Its address and numbers are the house's own and stay, as those in a table of settings do. A table of parties, such as
suppliers, is not meant, nor one with names or birth dates of people.
"""

from __future__ import annotations

from collections.abc import Mapping

from anonymizer.contracts import Exhibit
from anonymizer.detect._phrases import of
from anonymizer.detect._reading import read_exhibit
from anonymizer.model.finding import Evidence

_OWN = frozenset(
    "company firm firma bedrijf onderneming societe entreprise etablissement dossier mandant organisation organization "
    "organisatie betrieb unternehmen kantoor bureau agence cabinet kanzlei praxis praktijk school ecole schule store "
    "shop winkel magasin boutique filiaal vestiging employer werkgever employeur arbeitgeber vereniging association "
    "verein club hotel garage apotheek pharmacie apotheke gemeente commune mairie".split()
)
_WEIGHT = 20.0
"""More than the form of an address or a telephone number."""


def examine(exhibit: Exhibit) -> Mapping[str, tuple[Evidence, ...]]:
    """Column -> that it tells of the owner of the database, in a table of one row."""
    rows = max((len(values) for values in exhibit.sample.values()), default=0)
    phrases = of(exhibit.packs)
    if rows != 1 or _OWN.isdisjoint(phrases.table_words(exhibit.table.name.name)):
        return {}
    if read_exhibit(phrases, exhibit).people:
        return {}
    told = Evidence("system_parameter", _WEIGHT, "the only row of a table of organisations", "by_rows")
    return {column.name: (told,) for column in exhibit.table.columns}
