"""Remedies that are safe in bulk: what each sets, from what, and whom it leaves alone.

A remedy is told as SQL over `contact c` and `contact_likeness l`: what it would set as a JSON object, or why it leaves
this person alone. It never writes over a value that somebody gave, except where it puts that same value into its usual
shape.
"""

import re
from dataclasses import dataclass
from typing import Literal

from marops.domains.contacts.rules import vocabularies
from marops.domains.contacts.rules.text import NULL_WORDS

Name = Literal[
    "country_from_phone", "country_from_mail", "company_from_mail", "tidy_title", "clear_placeholder", "set",
    "standardise",
]  # fmt: skip

PLACEHOLDERS = tuple(sorted(NULL_WORDS | {
    "test", "test test", "testing", "tester", "asdf", "asdf asdf", "qwerty", "xxx", "xx", "x", "abc", "foo", "bar",
    "foo bar", "john doe", "jane doe", "max mustermann", "erika mustermann", "first last", "first name", "last name",
    "firstname", "lastname", "vorname", "nachname", "your name", "no name", "noname", "sample", "example", "dummy",
    "company", "my company", "company name", "firma", "title", "job title", "other", "not applicable", "tbd", "tba",
}))  # fmt: skip
"""Whole values that stand where nobody wanted to answer."""

CLEARABLE = ("full_name", "given_name", "family_name", "company_name", "job_title", "city", "region", "street")
SETTABLE = ("source", "country", "industry", "language", "campaign")
FIELDS = {"clear_placeholder": CLEARABLE, "set": SETTABLE, "standardise": vocabularies.FIELDS}
"""Remedies that work on a field that the rule names, and which it may name."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One remedy: how people call it, which fields it may set, and the SQL of what it sets and of whom it skips."""

    name: Name
    title: str
    says: str
    sets: tuple[str, ...] = ()
    becomes: str = ""
    skips: tuple[tuple[str, str], ...] = ()
    """(condition, reason) in order; the first that holds leaves the person alone."""
    joins: str = ""


_FILLED = "A value is there already."
_REMEDIES = (
    Remedy(
        "country_from_phone",
        "Take the country from the phone number",
        "The code of a phone number names the country, unless several countries share it.",
        sets=("country",),
        becomes="jsonb_build_object('country', l.phone_country)",
        skips=(
            ("c.country IS NOT NULL", _FILLED),
            ("coalesce(c.mobile, c.phone) IS NULL", "There is no phone number."),
            ("l.phone_country IS NULL", "Several countries share the code of this number."),
        ),
    ),
    Remedy(
        "country_from_mail",
        "Take the country from the e-mail address",
        "The last part of the address, such as .de, names the country; .com and the like name none.",
        sets=("country",),
        becomes="jsonb_build_object('country', l.mail_country)",
        skips=(
            ("c.country IS NOT NULL", _FILLED),
            ("c.email_domain IS NULL", "There is no e-mail address."),
            ("l.mail_country IS NULL", "The address names no country."),
        ),
    ),
    Remedy(
        "company_from_mail",
        "Take the company from the work e-mail address",
        "A work address whose domain belongs to a known company says where the person works.",
        sets=("company_name", "company_id"),
        becomes="jsonb_build_object('company_name', o.name, 'company_id', o.id)",
        skips=(
            ("c.company_name IS NOT NULL", _FILLED),
            ("c.email_kind IS DISTINCT FROM 'work'", "There is no work address."),
            ("o.id IS NULL", "No company with this domain is known."),
        ),
        joins="LEFT JOIN company o ON o.domain = c.email_domain AND c.email_kind = 'work'",
    ),
    Remedy(
        "tidy_title",
        "Write the job title in the usual case",
        "A title in capitals or small letters throughout gets the usual ones; CEO, VP and the like keep theirs.",
        sets=("job_title",),
        becomes="jsonb_build_object('job_title', t.becomes)",
        skips=(
            ("c.job_title IS NULL", "There is no title."),
            ("t.becomes IS NULL", "The title is written in the usual case."),
        ),
        joins="LEFT JOIN unnest(%(tidy_values)s::text[], %(tidy_becomes)s::text[]) t (value, becomes)"
        " ON t.value = c.job_title",
    ),
    Remedy(
        "clear_placeholder",
        "Clear what is only a placeholder",
        "Values such as “test” or “n/a” are emptied, so that nobody takes them for an answer.",
        sets=(*CLEARABLE, "company_id"),
    ),
    Remedy(
        "set",
        "Give the empty field one value",
        "Everybody at fault whose field is empty gets the value you choose.",
        sets=SETTABLE,
    ),
    Remedy(
        "standardise",
        "Write words as the vocabulary says",
        "Spellings that somebody accepted as one word become that word; what was there is kept with the change.",
        sets=vocabularies.FIELDS,
    ),
)
REMEDIES: dict[str, Remedy] = {one.name: one for one in _REMEDIES}


def _clearing(field: str) -> Remedy:
    listed = ", ".join("'" + word.replace("'", "''") + "'" for word in PLACEHOLDERS)
    both = ", 'company_id', NULL" if field == "company_name" else ""
    base = REMEDIES["clear_placeholder"]
    return Remedy(
        base.name, base.title, base.says,
        sets=(field, "company_id") if both else (field,),
        becomes=f"jsonb_build_object('{field}', NULL{both})",
        skips=(
            (f"c.{field} IS NULL", "The field is empty already."),
            (f"lower(btrim(c.{field})) NOT IN ({listed})", "The value is no placeholder."),
        ),
    )  # fmt: skip


def _setting(field: str) -> Remedy:
    base = REMEDIES["set"]
    return Remedy(
        base.name, base.title, base.says, sets=(field,),
        becomes=f"jsonb_build_object('{field}', %(value)s::text)",
        skips=((f"c.{field} IS NOT NULL", _FILLED),),
    )  # fmt: skip


FOLLOWERS = {"job_title": ("seniority", "job_function"), "company_name": ("company_id",)}
"""What changes with a word."""


def value_sql(field: str) -> str:
    """What a field says now, as text; of a country nobody understood, what came in."""
    if field == "country":
        return "CASE WHEN c.country IS NULL THEN btrim(c.originals ->> 'country') END"
    return f"c.custom ->> '{field.removeprefix('custom.')}'" if field.startswith("custom.") else f'c."{field}"'


def standardising_of(field: str) -> Remedy:
    """By the vocabulary, given as arrays: spelling, word, what follows from it."""
    base, value = REMEDIES["standardise"], value_sql(field)
    more = " || v.follows::jsonb"
    if field == "company_name":
        more = (
            " || jsonb_build_object('company_id', coalesce((SELECT o.id FROM company o"
            " WHERE o.name_key = v.follows ORDER BY o.number LIMIT 1), c.company_id))"
        )
    return Remedy(
        base.name, base.title, base.says, sets=(field, *FOLLOWERS.get(field, ())),
        becomes=f"jsonb_build_object('{field}', v.becomes){more}",
        skips=(
            (f"{value} IS NULL", "There is no value."),
            ("v.becomes IS NULL", "The vocabulary says nothing of this value."),
            (f"{value} = v.becomes", "The value is the word already."),
        ),
        joins="LEFT JOIN unnest(%(said)s::text[], %(becomes)s::text[], %(follows)s::text[]) v (said, becomes, follows)"
        f" ON v.said = lower({value})",
    )  # fmt: skip


def remedy(name: str, field: str = "") -> Remedy:
    """The remedy of this name for this field. Raises KeyError for one that there is not, or not for the field."""
    if name not in FIELDS:
        return REMEDIES[name]
    if name == "standardise" and vocabularies.is_field(field):
        return standardising_of(field)
    if field not in FIELDS[name]:
        raise KeyError(field)
    return _clearing(field) if name == "clear_placeholder" else _setting(field)


_KEEP = {
    "ceo": "CEO", "cto": "CTO", "cfo": "CFO", "cmo": "CMO", "coo": "COO", "cio": "CIO", "cro": "CRO", "cpo": "CPO",
    "ciso": "CISO", "vp": "VP", "svp": "SVP", "evp": "EVP", "avp": "AVP", "it": "IT", "hr": "HR", "seo": "SEO",
    "sem": "SEM", "ppc": "PPC", "crm": "CRM", "erp": "ERP", "ux": "UX", "ui": "UI", "qa": "QA", "pr": "PR", "bi": "BI",
    "r&d": "R&D", "b2b": "B2B", "b2c": "B2C", "emea": "EMEA", "apac": "APAC", "dach": "DACH", "uk": "UK", "us": "US",
    "usa": "USA", "eu": "EU", "sdr": "SDR", "bdr": "BDR", "sap": "SAP", "ai": "AI", "ml": "ML", "md": "MD",
    "phd": "PhD",    "mba": "MBA", "gm": "GM", "pm": "PM", "pmo": "PMO", "devops": "DevOps", "ii": "II", "iii": "III",
}  # fmt: skip
_LITTLE = frozenset({"of", "and", "the", "for", "in", "at", "to", "on", "de", "der", "und", "du", "et", "von"})
_WORD = re.compile(r"[^\W_][\w&'\u2019]*")


def tidied(title: str) -> str:
    """The title in its usual case if it was written in one case throughout; else as it is."""
    letters = [char for char in title if char.isalpha()]
    if len(letters) < 4 or not (title.isupper() or title.islower()):
        return title
    return _WORD.sub(lambda found: _word(found[0], first=found.start() == 0), title)


def _word(word: str, *, first: bool) -> str:
    lower = word.lower()
    if lower in _KEEP:
        return _KEEP[lower]
    return lower if lower in _LITTLE and not first else lower[:1].upper() + lower[1:]
