"""What makes two records alike, and what values of one record say about each other: keys as expressions of DuckDB."""

from marops.domains.contacts.rules.dialling import LENGTHS

MOST = 20
"""Twins are counted up to here: more than this say no more, and a number that a whole company shares stays cheap."""

VERSION = 1
"""Raised when records are compared in another way, so that everybody is compared anew."""

KINDS = {
    "phone": "phone_key",
    "name_company": "name_company_key",
    "name_domain": "name_domain_key",
}
"""By what records are alike → the column of the key."""

# The folded words of the name in any order; a single word names too many people.
_WORDS = r"list_sort(regexp_extract_all(strip_accents(lower(full_name)), '[\p{L}\p{N}]+'))"
_NAMED = (
    "SELECT * EXCLUDE (words), CASE WHEN len(words) > 1 THEN array_to_string(words, ' ') END AS name"
    f" FROM (SELECT *, {_WORDS} AS words FROM person)"
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
        f" {company} AS name_company_key, {domain} AS name_domain_key,"
        f" {country} AS phone_country, t.country AS mail_country,"
        f" coalesce(NOT list_contains({among}, n.country) OR {country} <> n.country, false) AS phone_elsewhere,"
        " coalesce(t.country <> n.country, false) AS mail_elsewhere"
        f" FROM ({_NAMED}) n {joins} LEFT JOIN tld t ON t.tld = split_part(n.email_domain, '.', -1)"
    )
