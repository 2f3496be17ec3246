"""No pseudonym can reach anybody: addresses in replaced columns are under names and numbers reserved for examples.

Source of the reserved names: RFC 2606 and RFC 6761 (example, test, invalid, localhost, example.com, .net and .org).
Source of the networks: RFC 5737, RFC 3849, RFC 9637 (documentation), RFC 2544 (benchmarks), RFC 1112 (reserved),
RFC 1918, RFC 4193 and RFC 6598 (private use), RFC 1122, RFC 3927 and RFC 4291 (this host, this link).
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.result import CheckResult
from anonymizer.verify._comparison import Comparison, Rows, Watcher, alone, outcome

PROMISE = "No e-mail address, web address or network address among the pseudonyms belongs to anybody."

_RESERVED = r"(?:[\p{L}\p{N}-]+\.)*(?:example\.(?:com|net|org)|example|test|invalid|localhost)"
_SAFE_MAIL = rf"(?i)@{_RESERVED}(?:[^\p{{L}}\p{{N}}.-]|\.?$|\.[^\p{{L}}\p{{N}}])"
_MAIL = r"[\p{L}\p{N}._%+-]@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+"
_SAFE_URL = rf"(?i)//(?:[^/\s@]*@)?{_RESERVED}(?::[0-9]+)?(?:[/?#\s\"'<>,}}\])]|$)"
_URL = r"(?i)\bhttps?://[^\s/]"
_QUICK = ".example"
_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 2001:db8::/32 3fff::/20 198.18.0.0/15 10.0.0.0/8 172.16.0.0/12 "
        "192.168.0.0/16 fc00::/7 100.64.0.0/10 127.0.0.0/8 ::1/128 0.0.0.0/32 ::/128 fe80::/10 169.254.0.0/16 "
        "240.0.0.0/4"
    ).split()
)


class Watch(Watcher):
    """Looks at what the replaced columns hold now."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(comparison)
        self._found: Counter[str] = Counter()
        self._examined = 0

    def rows(self, rows: Rows) -> None:
        for plan in rows.plan.replaced:
            if plan.column.name not in rows.new.schema.names:
                continue
            new = rows.new.column(plan.column.name).drop_null()
            self._examined += len(new)
            self._found[f"{plan.name}: e-mail addresses outside the reserved domains"] += _reachable_mails(new)
            if plan.category == "url":
                self._found[f"{plan.name}: web addresses outside the reserved domains"] += _reachable_pages(new)
            if plan.category == "ip_address":
                self._found[f"{plan.name}: addresses outside the documentation networks"] += _reachable_hosts(new)

    def result(self) -> CheckResult:
        problems = [f"{words} ({count})" for words, count in self._found.items() if count]
        return outcome("reach", PROMISE, problems, self._examined, unseen=self.run.unseen)


def _count(mask: pa.Array) -> int:
    return int(pc.sum(mask).as_py() or 0)


def _reachable_mails(values: pa.Array) -> int:
    signs = pc.count_substring(values, "@")
    safe = pc.and_(pc.equal(signs, 1), pc.ends_with(values, _QUICK))
    doubtful = values.filter(pc.and_not(pc.greater(signs, 0), safe))
    if not len(doubtful):
        return 0
    rest = pc.replace_substring_regex(doubtful, _SAFE_MAIL, " ")
    return _count(pc.match_substring_regex(rest, _MAIL))


def _reachable_pages(values: pa.Array) -> int:
    rest = pc.replace_substring_regex(values, _SAFE_URL, " ")
    return _count(pc.match_substring_regex(rest, _URL))


def _reachable_hosts(values: pa.Array) -> int:
    return sum(not _is_reserved(text) for text in pc.unique(values).to_pylist())


def _is_reserved(text: str) -> bool:
    try:
        address = ipaddress.ip_interface(text.strip()).ip
    except ValueError:
        return True
    return any(address in network for network in _NETWORKS)


check = partial(alone, Watch)
