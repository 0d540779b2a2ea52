"""What makes two records alike, and what values of one record say about each other: keys as expressions of DuckDB."""

from marops.domains.contacts.rules.dialling import LENGTHS

MOST = 20
"""Twins are counted up to here: more than this say no more, and a number that a whole company shares stays cheap."""

VERSION = 2
"""Raised when records are compared in another way, so that everybody is compared anew."""

KINDS = {
    "phone": "phone_key",
    "name_company": "name_company_key",
    "name_domain": "name_domain_key",
}
"""By what records are alike → the column of the key."""

BLOCKS = ("phone_key", "name_key", "mail_key", "family_key", "given_key")
"""Who shares one of these may be the same person: the phone, all words of the name, the address before the @, or one
name at one company. Which of them are is for the identity model to say."""

# The folded words of the name in any order; a single word names too many people.
_WORDS = r"list_sort(regexp_extract_all(strip_accents(lower(full_name)), '[\p{L}\p{N}]+'))"
_NAMED = (
    "SELECT * EXCLUDE (words), CASE WHEN len(words) > 1 THEN array_to_string(words, ' ') END AS name,"
    " strip_accents(lower(given_name)) AS given, strip_accents(lower(family_name)) AS family,"
    " CASE WHEN email_kind = 'work' THEN email_domain END AS work_domain"
    f" FROM (SELECT *, {_WORDS} AS words FROM person)"
)


def _one_name(name: str) -> str:
    """One name of somebody at one place of work."""
    return f"n.{name} || '|' || coalesce(n.company, n.work_domain)"


# The address before the @ without what is after a plus, and without dots; a mailbox of many says nothing.
_MAILBOX = (
    "CASE WHEN NOT coalesce(n.email_role, false) AND length(split_part(n.email, '@', 1)) > 4"
    " THEN regexp_replace(split_part(lower(n.email), '@', 1), '[+].*$|[.]', '', 'g') END"
)


def key(text: str) -> str:
    """63 bits of a digest of a text, NULL for NULL; the same in every version of DuckDB, unlike its hash()."""
    return f"(md5_number_lower({text}) >> 1)::BIGINT"


def compared() -> str:
    """The likeness of the people in `person`, with the tables `dialling` and `tld` at hand."""
    joins = " ".join(f"LEFT JOIN dialling d{n} ON d{n}.prefix = substr(n.phone, 2, {n})" for n in LENGTHS)
    company, domain = key("n.name || '|' || n.company"), key("n.name || '|' || n.email_domain")
    country, among = (f"coalesce({', '.join(f'd{n}.{what}' for n in LENGTHS)})" for what in ("country", "among"))
    return (
        f"SELECT n.id::VARCHAR AS contact_id, n.seen, {key('n.phone')} AS phone_key,"
        f" {company} AS name_company_key, {domain} AS name_domain_key, {key('n.name')} AS name_key,"
        f" {key(_MAILBOX)} AS mail_key, {key(_one_name('family'))} AS family_key,"
        f" {key(_one_name('given'))} AS given_key,"
        f" {country} AS phone_country, t.country AS mail_country,"
        f" coalesce(NOT list_contains({among}, n.country) OR {country} <> n.country, false) AS phone_elsewhere,"
        " coalesce(t.country <> n.country, false) AS mail_elsewhere"
        f" FROM ({_NAMED}) n {joins} LEFT JOIN tld t ON t.tld = split_part(n.email_domain, '.', -1)"
    )
