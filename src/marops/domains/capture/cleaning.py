"""Cleaning as SQL of the staging database: what a cell says, and what a field keeps of it.

Values that SQL cannot judge alone (phones, names in capitals, companies, titles) are judged once per distinct value
in Python and joined back.
"""

import os
import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from threading import Thread
from typing import Any

import pyarrow as pa

from marops.domains.contacts.public import (
    INVISIBLE,
    NAMES_KEEP,
    companies,
    countries,
    emails,
    languages,
    names,
    phones,
    sources,
    titles,
)
from marops.store.staging import Staging

MAX_TEXT = 1_000
MAX_ID = 200
_SPACES = (
    r"[\s\x{00a0}\x{0085}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{0000}-\x{001f}\x{007f}]+"
)
# Whole in the dot-atom form, no label over 63: what it does not take goes to the full check.
PLAIN_MAIL = r"[a-z0-9!#$%&''*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&''*+/=?^_`{|}~-]+)*@([a-z0-9]+(-+[a-z0-9]+)*\.)+[a-z]{2,24}"
PLAIN_NAME = r"([A-Z][a-z]+)([ -][A-Z][a-z]+)*"

YES = ("yes", "y", "true", "t", "ja", "oui", "si", "sí", "sim", "1", "x", "on", "wahr", "vrai")
NO = ("no", "n", "false", "f", "nein", "non", "não", "nao", "0", "off", "falsch", "faux")
_UNSUBSCRIBED = (
    "unsubscribed",
    "unsubscribe",
    "abgemeldet",
    "désinscrit",
    "opted out",
    "opted-out",
    "opt-out",
    "opt out",
)
# A date under "unsubscribed" or "consent" is the day on which it was said.
_DATED = r"^(\d{4}-\d\d-\d\d|\d\d?[./]\d\d?[./]\d{4})"
_DENIED = (
    "denied",
    "refused",
    "never",
    "blocked",
    "declined",
    "not opted in",
    "rejected",
    "do not contact",
    "no consent",
)
_GRANTED = (
    "granted", "subscribed", "opted in", "opted-in", "opt-in", "opt in", "confirmed", "agreed", "accepted",
    "angemeldet", "double opt-in", "consented", "active",
)  # fmt: skip


def literal(text: str) -> str:
    """`text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def listed(values: Iterable[str]) -> str:
    """Values as the inside of an SQL list."""
    return ", ".join(literal(value) for value in values)


def one_of(cell: str, words: Iterable[str]) -> str:
    """Is the cell one of these words, whatever its case? One pattern: a long IN costs memory for each of its values."""
    return f"regexp_full_match({cell}, {literal('(?i)(' + '|'.join(map(re.escape, words)) + ')')})"


def define_macros(staging: Staging, *, null_words: Sequence[str], day_first: bool) -> None:
    """Teach the staging database to clean cells as this import wants it."""
    unseen = "[" + "".join(rf"\x{{{ord(char):04x}}}" for char in INVISIBLE) + "]"
    nulls = "|".join(re.escape(word) for word in sorted(null_words)) or "\x01"
    named = "|".join(re.escape(word) for word in sorted(set(null_words) - NAMES_KEEP)) or "\x01"
    longest = max((len(word.encode()) for word in null_words), default=0)
    staging.execute(rf"""
        CREATE MACRO tidy(x) AS CASE
            WHEN regexp_full_match(x, '[!-~]+( [!-~]+)*') THEN x
            WHEN x IS NULL OR x = '' THEN NULL
            ELSE nullif(trim(regexp_replace(
                regexp_replace(nfc_normalize(x), '{unseen}', '', 'g'), '{_SPACES}', ' ', 'g')), '')
        END;
        CREATE MACRO answered(x) AS CASE
            WHEN strlen(x) <= {longest} AND regexp_full_match(x, {literal("(?i)(" + nulls + ")")}) THEN NULL ELSE x END;
        CREATE MACRO answered_name(x) AS CASE
            WHEN strlen(x) <= {longest} AND regexp_full_match(x, {literal("(?i)(" + named + ")")}) THEN NULL ELSE x END;
    """)
    staging.execute(_NUMBERS)
    staging.execute(_moments(day_first))
    staging.execute(f"""
        CREATE MACRO as_truth(x) AS CASE
            WHEN {one_of("x", YES)} THEN 'true' WHEN {one_of("x", NO)} THEN 'false' END;
        CREATE MACRO ascii_name_key(x) AS array_to_string(list_sort(list_filter(
            string_split(regexp_replace(lower(x), '[^a-z0-9]+', ' ', 'g'), ' '), lambda w: w <> '')), ' ');
    """)


_NUMBERS = r"""
    CREATE MACRO as_count(x) AS CASE
        WHEN regexp_full_match(x, '\d{1,9}') THEN TRY_CAST(x AS BIGINT)
        WHEN regexp_full_match(x, '\d{1,3}([.,]\d{3})+') THEN TRY_CAST(regexp_replace(x, '[.,]', '', 'g') AS BIGINT)
        WHEN regexp_full_match(x, '\d{1,9}[.,]\d{1,12}') THEN round(TRY_CAST(replace(x, ',', '.') AS DOUBLE))::BIGINT
        WHEN regexp_full_match(x, '\d[\d.,]{0,11} ?(-|–|—|to|bis|à|a|\+).*')
            THEN TRY_CAST(regexp_replace(regexp_extract(x, '^\d[\d.,]{0,11}'), '[.,]', '', 'g') AS BIGINT)
    END;
    CREATE MACRO as_decimal(x) AS TRY_CAST(CASE
        WHEN regexp_full_match(x, '-?\d{1,15}([.]\d{1,12})?') THEN x
        WHEN regexp_full_match(x, '-?\d{1,15},\d{1,2}') THEN replace(x, ',', '.')
        WHEN regexp_full_match(x, '-?\d{1,3}(,\d{3})+([.]\d{1,12})?') THEN replace(x, ',', '')
        WHEN regexp_full_match(x, '-?\d{1,3}([.]\d{3})+(,\d{1,12})?') THEN replace(replace(x, '.', ''), ',', '.')
        WHEN regexp_full_match(x, '-?\d{1,15},\d{1,12}') THEN replace(x, ',', '.')
    END AS DECIMAL(28, 8));
"""


def _moments(day_first: bool) -> str:
    first = ["%d/%m/%Y", "%d-%m-%Y"] if day_first else ["%m/%d/%Y", "%m-%d-%Y"]
    dates = ["%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", *first, "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y"]
    times = ["", " %H:%M:%S", " %H:%M", " %I:%M %p", " %I:%M:%S %p", ", %H:%M:%S", ", %H:%M"]
    formats = [date + time for date in dates for time in times]
    formats += ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f", "%Y%m%d"]
    return rf"""
        CREATE MACRO moment(x) AS CASE
            WHEN regexp_full_match(x, '1\d{{12}}') THEN epoch_ms(TRY_CAST(x AS BIGINT))
            WHEN regexp_matches(x, '^[0-9]|^[A-Za-z]{{3,9}} [0-9]') THEN try_strptime(x, [{listed(formats)}]) END;
        CREATE MACRO as_moment(x) AS CASE
            WHEN regexp_full_match(x, '\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)')
                THEN CASE WHEN TRY_CAST(x[1:10] AS DATE) BETWEEN DATE '1900-01-01' AND DATE '2200-01-01'
                    AND TRY_CAST(x[12:16] AS TIME) IS NOT NULL THEN x END
            WHEN year(moment(x)) BETWEEN 1900 AND 2200 THEN strftime(moment(x), '%Y-%m-%d %H:%M:%S')
                || CASE WHEN regexp_full_match(x, '1\d{{12}}') THEN 'Z' ELSE '' END
        END;
    """


def consent_sql(cell: str, meaning: str, *, unsubscribes: bool) -> str:
    """What a cell of a consent column says: a state, `''` for nothing said, NULL for words nobody understands."""
    refusal = "unsubscribed" if unsubscribes else "denied"
    yes, no = (refusal, "") if meaning == "opt_out" else ("granted", "denied")
    return (
        f"CASE WHEN {one_of(cell, _UNSUBSCRIBED)} THEN 'unsubscribed' WHEN {one_of(cell, _DENIED)} THEN 'denied'"
        f" WHEN {one_of(cell, _GRANTED)} THEN 'granted' WHEN {one_of(cell, NO)} THEN '{no}'"
        f" WHEN {one_of(cell, YES)} OR regexp_matches({cell}, '{_DATED}')"
        f" THEN '{yes}' END"
    )


@dataclass(frozen=True, slots=True)
class Lookup:
    """Values that Python judges: the function, and the columns it answers beside `raw`."""

    answers: tuple[str, ...]
    judge: Callable[[str], tuple[Any, ...]]


def _company(raw: str) -> tuple[str | None, str | None]:
    kept = companies.normalise(raw)
    return kept, companies.key(kept) if kept else None


def _website(raw: str) -> tuple[str | None, str | None]:
    kept = companies.website(raw)
    return kept, companies.domain(raw) if kept else None


LOOKUPS: dict[str, Lookup] = {
    "name": Lookup(("v",), lambda raw: (names.normalise(raw),)),
    "name_key": Lookup(("v",), lambda raw: (names.key(raw),)),
    "mail": Lookup(("v",), lambda raw: (emails.normalise(raw),)),
    "mail_domain": Lookup(("v",), lambda raw: (emails.kind(raw),)),
    "company": Lookup(("v", "key"), _company),
    "website": Lookup(("v", "domain"), _website),
    "domain": Lookup(("v",), lambda raw: (companies.domain(raw),)),
    "country": Lookup(("v",), lambda raw: (countries.normalise(raw),)),
    "source": Lookup(("v",), lambda raw: (sources.normalise(raw),)),
    "language": Lookup(("v",), lambda raw: (languages.normalise(raw),)),
    "zone": Lookup(("v",), lambda raw: (languages.zone(raw),)),
    "title": Lookup(("seniority", "function"), lambda raw: tuple(titles.read(raw))),
}

_REMEMBERED = 200_000
_POOL_FROM = 4_000


def end_with_parent() -> None:
    """In a helping process: end when the process it helps ends, however that happens.

    Not by PR_SET_PDEATHSIG: that signal comes when the thread that started the process ends, and such a thread may be
    one that only reads ahead.
    """
    if (parent := parent_process()) is not None:
        Thread(target=_wait_and_end, args=(parent.sentinel,), name="end-with-parent", daemon=True).start()


def _wait_and_end(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


class Judge:
    """Judges distinct values in Python, remembers the frequent ones, and hands many phones to a pool of processes."""

    def __init__(self, *, workers: int = 2) -> None:
        self._known: dict[str, dict[str, tuple[Any, ...]]] = {}
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def table(self, kind: str, raws: Sequence[str]) -> pa.Table:
        """`raw` and what is made of it, for values that differ from each other."""
        lookup, known = LOOKUPS[kind], self._known.setdefault(kind, {})
        if len(known) > _REMEMBERED:
            known.clear()
        rows = []
        for raw in raws:
            if (found := known.get(raw)) is None:
                found = known[raw] = lookup.judge(raw)
            rows.append(found)
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(lookup.answers)
        return pa.table(
            {"raw": pa.array(raws, pa.string())}
            | {name: pa.array(column, pa.string()) for name, column in zip(lookup.answers, columns, strict=True)}
        )

    def phones(self, pairs: Sequence[tuple[str, str | None]]) -> pa.Table:
        """`raw`, `country` and the number in E.164."""
        return pa.table(
            {
                "raw": pa.array([raw for raw, _ in pairs], pa.string()),
                "country": pa.array([country or "" for _, country in pairs], pa.string()),
                "v": pa.array(self._numbers(pairs), pa.string()),
            }
        )

    def _numbers(self, pairs: Sequence[tuple[str, str | None]]) -> list[str | None]:
        if len(pairs) < _POOL_FROM:
            return phones.normalise_many(list(pairs))
        if self._pool is None:
            # Not fork: this process has threads of its own, and a copy of them would wait for ever.
            self._pool = ProcessPoolExecutor(
                self._workers, mp_context=get_context("spawn"), initializer=end_with_parent
            )
        slices = [list(pairs[start : start + 2_000]) for start in range(0, len(pairs), 2_000)]
        return [number for part in self._pool.map(phones.normalise_many, slices) for number in part]

    def close(self) -> None:
        """Let the processes go."""
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)
