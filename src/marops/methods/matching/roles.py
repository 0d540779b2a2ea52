"""What the columns of a file of people or companies mean, by their names and by their values.

A role says how two records are compared in a column, so it is told apart only as far as that differs.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

ROLES: Final[Mapping[str, str]] = {
    "row": "the number or name of the row itself",
    "given": "given name",
    "family": "family name",
    "name": "a person's whole name",
    "company": "a company's name",
    "email": "e-mail address",
    "phone": "telephone number",
    "birth": "date of birth",
    "street": "street, with or without its number",
    "number": "house number",
    "city": "place",
    "postcode": "postcode",
    "region": "state or region",
    "country": "country",
    "site": "website or domain",
    "ident": "a number that belongs to the person or company",
    "kind": "one of a few words",
    "text": "other words",
    "skip": "not compared",
}
"""Role → what it is, in words."""

_HEADERS: Final[Mapping[str, str]] = {
    "row": "id, rec id, record id, row id, unique id, uuid, guid, key, row, nr, index, rid, source id",
    "given": "given name, first name, firstname, forename, fname, given, first, vorname, prenom, nombre, nome,"
    " middle name",
    "family": "surname, last name, lastname, family name, lname, family, last, nachname, familienname, nom,"
    " apellido, apellidos, cognome, maiden name",
    "name": "name, full name, fullname, person, person name, contact, contact name, customer name, author, authors",
    "company": "company, company name, organisation, organization, organisation name, organization name, org,"
    " account, account name, business, business name, firm, firma, employer, legal name, trading name,"
    " societe, empresa, unternehmen",
    "email": "email, e mail, mail, email address, e mail address, emailaddress, courriel, correo",
    "phone": "phone, phone number, telephone, telephone number, tel, mobile, mobile phone, cell, cell phone,"
    " telefon, handy, telefono, fax, work phone, home phone, phone1, phone2",
    "birth": "dob, birth, birth date, birthdate, date of birth, birthday, born, geburtsdatum, geboren, date de"
    " naissance, fecha de nacimiento, bday",
    "street": "street, street name, street address, address, address1, address 1, address line 1, addr, addr 1,"
    " addr1, strasse, adresse, adresse 1, direccion, indirizzo, road, line 1",
    "number": "street number, house number, street no, house no, housenumber, hausnummer, nr haus, number of house,"
    " street num",
    "city": "city, town, suburb, locality, place, ort, stadt, ville, ciudad, citta, municipality",
    "postcode": "postcode, post code, zip, zip code, zipcode, postal code, postalcode, plz, code postal, cap, codigo"
    " postal",
    "region": "state, province, region, county, bundesland, departement, provincia, territory",
    "country": "country, land, pays, pais, paese, nation, country code",
    "site": "website, web site, url, domain, web, homepage, site, web address, website url, internet",
    "ident": "ssn, soc sec id, social security number, social security, tax id, tax number, vat, vat id, vat"
    " number, passport, passport number, national id, duns, duns number, ein, nhs number, insurance"
    " number, steuernummer, siren, siret, nif, customer number, customer no, member number, account"
    " number, crm id, external id, linkedin, licence number",
    "kind": "gender, sex, salutation, title, type, category, industry, language, marital status, geschlecht, anrede",
    "text": "address2, address 2, address line 2, addr 2, line 2, job title, occupation, description, notes,"
    " department, venue",
    "skip": "cluster, cluster id, entity, entity id, ent id, true id, label, labels, truth, ground truth,"
    " duplicate of, is duplicate, is dup, duplicate, group id, match, match id, gold, created, created at,"
    " updated, updated at, modified, timestamp, score",
}
_BY_NAME: Final[Mapping[str, str]] = {
    name: role for role, names in _HEADERS.items() for name in (one.strip() for one in names.split(","))
}
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DATE = re.compile(r"(?:19|20)\d{2}[-/.]?\d{1,2}[-/.]?\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d{2}")
_DAY = re.compile(r"[\d\s./-]{4,19}(?:[T ][\d:.+Z-]+)?|\d{0,2}[. -]*[^\W\d_]{3,12}[. ,-]*\d{1,4}.*")
_PHONE = re.compile(r"(?:\+|00|\()?[\d\s()./-]{8,24}")
_SITE = re.compile(r"(?:https?://|www\.)\S+|(?:[a-z0-9-]+\.)+[a-z]{2,24}", re.IGNORECASE)
_DIGITS = re.compile(r"[+()\d\s./-]+")
_LETTERS = re.compile(r"[^\W\d_]+(?:[ '.-]+[^\W\d_]+)*\.?")
_FEW, _SURE = 12, 0.8


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name, some of its cells, and whether every row has a value of its own."""

    name: str
    cells: Sequence[str]
    unique: bool


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column seems to be, and by what that was seen."""

    column: str
    role: str
    why: str


def heading(name: str) -> str:
    """A heading's one spelling: `SocSecID `, `soc_sec_id` and `Soc. Sec. Id` are the same."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)|(?<=[A-Z])(?=[A-Z][a-z])", " ", plain)
    return " ".join(re.findall(r"[a-z]+|\d+", apart.lower()))


def guess(columns: Sequence[Column]) -> list[Guess]:
    """A role for each column; at most one is the row's own name, and none of the same role stands for two things."""
    found = [_one(one) for one in columns]
    if not any(one.role == "row" for one in found):
        found = _first_of_its_own(columns, found)
    return _told_apart(found)


def _one(column: Column) -> Guess:
    said, name = _by_name(column.name), column.name
    values = [one for one in (cell.strip() for cell in column.cells) if one]
    if not values:
        return Guess(name, "skip", "it is empty")
    if said == "skip":
        return Guess(name, "skip", "its name says that it tells the answer, or when a row was written")
    if said == "row":
        return Guess(name, "row", "its name, and every row has its own") if column.unique else _by_values(name, values)
    if said and _fits(said, values):
        return Guess(name, said, "its name")
    return _by_values(name, values)


def _fits(role: str, values: Sequence[str]) -> bool:
    """Do the values bear out what the name says, where values of that role can be told?"""
    pattern = {"email": _MAIL, "site": _SITE, "phone": _PHONE, "birth": _DAY}.get(role)
    return pattern is None or sum(1 for one in values if pattern.fullmatch(one.strip())) >= len(values) / 2


def _by_name(name: str) -> str:
    said = heading(name)
    for form in (said, re.sub(r" \d+$", "", said), said.replace(" ", "")):
        if form in _BY_NAME:
            return _BY_NAME[form]
    words = said.split()
    ends = [" ".join(words[at:]) for at in range(1, len(words))]  # such as "billing postal code"
    return next((_BY_NAME[one] for one in ends if one in _BY_NAME and _BY_NAME[one] not in ("row", "name", "skip")), "")


def _by_values(name: str, values: Sequence[str]) -> Guess:
    def share(pattern: re.Pattern[str]) -> float:
        return sum(1 for one in values if pattern.fullmatch(one)) / len(values)

    seen = "what stands in it"
    distinct = len(set(values))
    if distinct == 1:
        return Guess(name, "skip", "it says the same everywhere")
    if share(_MAIL) >= _SURE:
        return Guess(name, "email", seen)
    if share(_DATE) >= _SURE:
        return Guess(name, "birth", f"{seen}: days")
    if share(_DIGITS) >= _SURE:
        return _of_digits(name, values)
    if distinct > _FEW and share(_SITE) >= _SURE:
        return Guess(name, "site", seen)
    if distinct <= max(2, min(_FEW, len(values) // 10)):
        return Guess(name, "kind", f"it holds {distinct} different values")
    if share(_LETTERS) >= _SURE and _words(values) < 1.2:
        return Guess(name, "text", f"{seen}: single words")
    return Guess(name, "text", f"{seen}: words")


def _of_digits(name: str, values: Sequence[str]) -> Guess:
    lengths = Counter(len(re.sub(r"\D", "", one)) for one in values)
    most, often = lengths.most_common(1)[0]
    distinct = len(set(values)) / len(values)
    if any(sign in one for one in values[:50] for sign in "+()") or (8 <= most <= 13 and " " in "".join(values[:20])):
        return Guess(name, "phone", "what stands in it: digits as in telephone numbers")
    if often / len(values) > 0.7 and most in (4, 5) and distinct < 0.95:
        return Guess(name, "postcode", f"what stands in it: {most} digits each")
    if often / len(values) > 0.7 and most >= 6 and distinct > 0.3:
        return Guess(name, "ident", f"what stands in it: {most} digits each, mostly of their own")
    return Guess(name, "skip", "numbers whose meaning its name does not say")


def _words(values: Sequence[str]) -> float:
    return sum(len(one.split()) for one in values) / len(values)


def _first_of_its_own(columns: Sequence[Column], found: list[Guess]) -> list[Guess]:
    """A column of which every row has its own value, and that says nothing else, is the row's name."""
    for at, (column, one) in enumerate(zip(columns, found, strict=True)):
        if column.unique and one.role in ("ident", "text", "skip") and one.why != "its name":
            return [*found[:at], Guess(column.name, "row", "every row has its own"), *found[at + 1 :]]
    return found


_ONCE: Final = frozenset({"row", "given", "family", "name"})


def _told_apart(found: Iterable[Guess]) -> list[Guess]:
    """A second column of a role that there is once is words, or the row's own name nothing."""
    seen: set[str] = set()
    kept: list[Guess] = []
    for one in found:
        again = one.role in seen and one.role in _ONCE
        seen.add(one.role)
        kept.append(
            Guess(one.column, "skip" if one.role == "row" else "text", "another one comes first") if again else one
        )
    if "given" in seen and "family" in seen:
        kept = [Guess(one.column, "skip", "its parts stand apart") if one.role == "name" else one for one in kept]
    return kept
