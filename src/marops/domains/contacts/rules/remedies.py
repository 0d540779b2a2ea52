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
    "standardise", "company_from_colleagues", "facts_of_company", "parts_of_title", "kind_of_mail",
    "from_outside",
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
# What a provider of data says is brought by its own command, never by a rule: no field of it can be named.
FIELDS = {"clear_placeholder": CLEARABLE, "set": SETTABLE, "standardise": vocabularies.FIELDS, "from_outside": ()}
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
# A company that was itself derived, or set by a remedy, is nobody's word.
_COLLEAGUES = (
    "LEFT JOIN (SELECT domain, company_id, people, people::float / sum(people) OVER (PARTITION BY domain) AS share,"
    " row_number() OVER (PARTITION BY domain ORDER BY people DESC, company_id) AS place FROM (SELECT email_domain AS"
    " domain, company_id, count(*) AS people FROM contact WHERE email_kind = 'work' AND company_name IS NOT NULL"
    " AND company_id IS NOT NULL AND coalesce((provenance #>> '{company_name,0}')::bigint, 0) >= 0"
    " GROUP BY 1, 2) named) k ON k.domain = c.email_domain AND k.place = 1 AND c.email_kind = 'work'"
    " LEFT JOIN company o ON o.id = k.company_id"
)


def _filling(source: str, names: tuple[str, ...]) -> tuple[str, str]:
    """What fills the empty ones of these fields from the columns of `source`; and that there is nothing to fill."""
    filled = ", ".join(f'\'{name}\', CASE WHEN c."{name}" IS NULL THEN {source}."{name}" END' for name in names)
    nothing = " AND ".join(f'(c."{name}" IS NOT NULL OR {source}."{name}" IS NULL)' for name in names)
    return f"jsonb_strip_nulls(jsonb_build_object({filled}))", nothing


_PARTS, _FACTS = ("seniority", "job_function"), ("industry", "employees", "website")
_MAIL = ("email_domain", "email_kind", "email_role")
_PARTS_BECOME, _NO_PARTS = _filling("t", _PARTS)
_FACTS_BECOME, _NO_FACTS = _filling("o", _FACTS)
_MAIL_BECOME, _NO_MAIL = _filling("m", _MAIL)
OUTSIDE = ("company_name", "website", "industry", "employees", "country", "region", "city", "job_title")
"""Fields that a provider of data may fill."""
_OUTSIDE_BECOMES = ", ".join(
    f"'{name}', CASE WHEN c.\"{name}\" IS NULL THEN a.given -> '{name}' END" for name in OUTSIDE
)
_NO_OUTSIDE = " AND ".join(f"(c.\"{name}\" IS NOT NULL OR a.given ->> '{name}' IS NULL)" for name in OUTSIDE)
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
        "company_from_colleagues",
        "Take the company from colleagues with the same e-mail domain",
        "Where several people with work addresses of one domain name the same company, so does the domain.",
        sets=("company_name", "company_id"),
        becomes="jsonb_build_object('company_name', o.name, 'company_id', o.id)",
        skips=(
            ("c.company_name IS NOT NULL", _FILLED),
            ("c.email_kind IS DISTINCT FROM 'work'", "There is no work address."),
            ("o.id IS NULL", "Nobody with this domain names a company."),
            ("k.people < %(colleagues)s", "Too few people with this domain name a company."),
            ("k.share < %(agreement)s", "People with this domain name different companies."),
        ),
        joins=_COLLEAGUES,
    ),
    Remedy(
        "facts_of_company",
        "Take industry, size and website from the company",
        "What is known of the company is true of those who work there.",
        sets=_FACTS,
        becomes=_FACTS_BECOME,
        skips=(("o.id IS NULL", "No company is known."), (_NO_FACTS, "Nothing more is known of the company.")),
        joins="LEFT JOIN company o ON o.id = c.company_id",
    ),
    Remedy(
        "parts_of_title",
        "Read seniority and function in the job title",
        "Key words of a title in several languages say how senior somebody is, and what for.",
        sets=_PARTS,
        becomes=_PARTS_BECOME,
        skips=(("c.job_title IS NULL", "There is no title."), (_NO_PARTS, "The title says nothing more.")),
        joins="LEFT JOIN unnest(%(title_said)s::text[], %(title_seniority)s::text[], %(title_function)s::text[])"
        " t (said, seniority, job_function) ON t.said = c.job_title",
    ),
    Remedy(
        "kind_of_mail",
        "Tell work, free, throw-away and shared mailboxes apart",
        "The domain of an address says what kind it is, and names such as info@ that several people read it.",
        sets=_MAIL,
        becomes=_MAIL_BECOME,
        skips=(("c.email IS NULL", "There is no e-mail address."), (_NO_MAIL, _FILLED)),
        joins="LEFT JOIN unnest(%(mail_said)s::text[], %(mail_domain)s::text[], %(mail_kind)s::text[],"
        " %(mail_role)s::boolean[]) m (said, email_domain, email_kind, email_role) ON m.said = c.email",
    ),
    Remedy(
        "from_outside",
        "Fill in what a provider of data answered",
        "Empty fields get what the provider said of this person or company; what somebody wrote stays.",
        sets=OUTSIDE,
        becomes=f"jsonb_strip_nulls(jsonb_build_object({_OUTSIDE_BECOMES}))",
        skips=(("a.given IS NULL", "The provider knows nothing."), (_NO_OUTSIDE, _FILLED)),
        joins="LEFT JOIN unnest(%(answer_ids)s::uuid[], %(answers)s::jsonb[]) a (contact_id, given)"
        " ON a.contact_id = c.id",
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
    if name not in FIELDS or not FIELDS[name]:
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
