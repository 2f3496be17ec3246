"""Notices the shape of sampled values: dates spread like births, secrets, long text, stored documents and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Exhibit
from anonymizer.detect import _samples
from anonymizer.model.finding import Evidence
from anonymizer.model.schema import TypeFamily

_SECRETS: Sequence[tuple[str, str, float]] = (
    (r"^\$(2[abxy]?|argon2(i|d|id)|1|5|6|y|scrypt|pbkdf2[-a-z0-9]*|P|H)\$.{8,}", "hashed passwords", 9.0),
    (
        r"^(pbkdf2_sha\d+|argon2|bcrypt(_sha256)?|scrypt|sha1|md5|\{[A-Z0-9-]+\})[$:]?\S*[$}]\S{8,}",
        "hashed passwords",
        8.0,
    ),
    (r"^eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{8,}\.", "signed tokens", 8.0),
    (r"-----BEGIN [A-Z ]*PRIVATE KEY-----", "private keys", 9.0),
    (r"^(ghp|gho|ghs|glpat|xox[abps]|sk_live|rk_live|AKIA|AIza|SG\.)[-_A-Za-z0-9.]{12,}", "access keys", 8.0),
    (r"^[a-z+]+://[^/\s:@]+:[^/\s@]+@", "addresses with a password", 7.0),
    (r"^([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128}|\*[0-9A-F]{40})$", "digests", 2.5),
)
_STREET = (
    r"(?i)(straat|laan|steenweg|dreef|gracht|kade|singel|plein|weg|stra(ss|ß)e|str\.|gasse|allee|platz|ring|damm)\b|"
    r"\b(rue|avenue|boulevard|bd|chemin|impasse|all[ée]e|quai|place|chauss[ée]e|route|cours|passage|"
    r"street|st|road|rd|lane|drive|ave|blvd|court|way|close|terrace)\b"
)
_FIRM = (
    r"(?i)\b(nv|bv|bvba|b\.v\.|n\.v\.|vzw|cvba|sa|s\.a\.|sas|sarl|s\.a\.r\.l\.|eurl|sprl|asbl|gmbh|ag|ohg|kg|kgaa|e\.v\.|"
    r"mbh|ltd|limited|inc|llc|plc|corp|group|groep|groupe|gbr|et fils|& co|& zn|en zonen|and sons|associates)\b"
)
_NAMES = ("first_name", "last_name", "full_name", "person_name")
_FEWEST = 4
_MAIL_INSIDE = r"[^@\s,;<>\"']@[^@\s,;<>\"']+\.[A-Za-z]{2,}"
_PICTURE = r"^\\x(ffd8ff|89504e47|47494638|424d)"
_DOCUMENT = r"^\\x(25504446|504b0304|d0cf11e0|7b5c727466)"
_BIRTHS = (1900, 2020)
"""Years between which dates of birth lie, with a few years' room before the present."""


def examine(exhibit: Exhibit) -> Mapping[str, tuple[Evidence, ...]]:
    """Column -> what the shape of its sampled values says."""
    families = {column.name: column.family for column in exhibit.table.columns}
    found = {}
    for name, values in _samples.columns(exhibit).items():
        family = families.get(name, TypeFamily.OTHER)
        if family in (TypeFamily.DATE, TypeFamily.TIMESTAMP):
            found[name] = tuple(_dates(values))
        elif family is TypeFamily.BINARY:
            found[name] = tuple(_files(values))
        elif family in (TypeFamily.TEXT, TypeFamily.JSON, TypeFamily.XML, TypeFamily.ARRAY, TypeFamily.OTHER):
            found[name] = (
                *_secrets(values),
                *_text(values, family),
                *_few(exhibit.sample[name], values),
                *_words(values, family),
            )
    return found


def _dates(values: pa.Array) -> list[Evidence]:
    years = pc.utf8_slice_codeunits(values, 0, 4)
    usable = years.filter(pc.match_substring_regex(years, r"^[0-9]{4}$"))
    if len(usable) < 8:
        return []
    early, late = np.quantile(pc.cast(usable, pa.int32()).to_numpy(), (0.05, 0.95))
    clock = _samples.share(values, r"[ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?") - _samples.share(values, r"[ T]00:00(:00)?")
    if clock > 0.5:
        return [Evidence("birth_date", -4.0, "the dates have a time of day", "by_shape")]
    if late - early >= 15 and early >= _BIRTHS[0] and late <= _BIRTHS[1]:
        return [Evidence("birth_date", 2.5, "dates are spread over years as births are", "by_shape")]
    if late - early <= 2:
        return [Evidence("birth_date", -2.0, "all dates lie within two years", "by_shape")]
    return []


def _files(values: pa.Array) -> list[Evidence]:
    found = []
    if _samples.share(values, _PICTURE) > 0.5:
        found.append(Evidence("photo", 1.0, "values are pictures", "by_shape"))
    if _samples.share(values, _DOCUMENT) > 0.5:
        found.append(Evidence("document_or_blob", 3.0, "values are documents", "by_shape"))
    return found


def _secrets(values: pa.Array) -> list[Evidence]:
    return [
        Evidence("password_or_secret", weight * min(1.0, share + 0.2), f"values have the form of {kind}", "by_shape")
        for pattern, kind, weight in _SECRETS
        if (share := _samples.share(values, pattern)) > 0.3
    ]


def _text(values: pa.Array, family: TypeFamily) -> list[Evidence]:
    found = []
    length = float(pc.mean(pc.utf8_length(values)).as_py())
    spaces = float(pc.mean(pc.count_substring(values, " ")).as_py())
    mails = _samples.share(values, _MAIL_INSIDE)
    if family is TypeFamily.TEXT and length >= 30 and spaces >= 4:
        found.append(Evidence("free_text", 2.5 if length >= 60 else 1.5, "values are sentences", "by_shape"))
    if mails > 0.02 and (length >= 30 or family is not TypeFamily.TEXT) and mails * length >= 1:
        # Whatever a column is called, it is not a setting when most of its values hold an address.
        weight = 9.0 if mails > 0.3 else 4.5
        found.append(Evidence("free_text", weight, "e-mail addresses stand inside the values", "by_shape"))
    return found


def _words(values: pa.Array, family: TypeFamily) -> list[Evidence]:
    """Streets, firms, and what no name is: words that stand in most values."""
    if family is not TypeFamily.TEXT or len(values) < _FEWEST:
        return []
    found = []
    streets = _samples.share(values, _STREET)
    if streets > 0.25 and _samples.share(values, r"[0-9]") > 0.5:
        found.append(Evidence("street_address", 6.0 * min(1.0, streets + 0.3), "values are streets", "by_shape"))
    firms = _samples.share(values, _FIRM)
    if firms > 0.2:
        found.append(Evidence("company_name", 6.0 * min(1.0, firms + 0.4), "values are names of firms", "by_shape"))
    if _samples.share(values, r"[0-9]") > 0.6:
        found += [Evidence(name, -4.0, "values hold digits", "by_shape") for name in _NAMES]
    return found


def _few(sampled: pa.Array, values: pa.Array) -> list[Evidence]:
    """A handful of values for many rows: a code or a list, whatever the column is called."""
    filled = len(sampled) - sampled.null_count
    if filled < 50 or len(values) * 25 > filled:
        return []
    categories = ("full_name", "last_name", "email", "phone", "street_address", "national_id", "username", "free_text")
    return [Evidence(category, -2.5, "few values for many rows", "by_shape") for category in categories]
