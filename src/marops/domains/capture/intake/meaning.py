"""What an event means: which fact it is, with codes alone, and what it says about a person. Pure functions.

Facts hold no personal value: texts are kept only where they look like codes, addresses of pages lose their query, and
what looks like an address, a phone or a name is dropped.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from marops.domains.capture.intake.calls import ident
from marops.domains.contacts.public import (
    clean,
    companies,
    countries,
    emails,
    languages,
    names,
    phones,
    sources,
    titles,
)

VIEWED, SCREEN, TRACKED = "page.viewed", "screen.viewed", "web.tracked"
FORM, MEETING = "form.submitted", "meeting.requested"

# Names of events, as slugs, that are a fact of their own; every other track is `web.tracked`.
_FORMS = (
    "form_submitted", "form_submit", "submitted_form", "form_completed", "lead_form_submitted",
    "contact_form_submitted",
)  # fmt: skip
_MEETINGS = (
    "meeting_requested", "demo_requested", "requested_demo", "request_demo", "meeting_booked", "demo_booked",
    "call_requested", "consultation_requested",
)  # fmt: skip
KINDS: Mapping[str, str] = dict.fromkeys(_FORMS, FORM) | dict.fromkeys(_MEETINGS, MEETING)
MOST_PROPERTIES, LONGEST_CODE, LONGEST_URL, LONGEST_TITLE = 30, 60, 500, 150
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/+-]*")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
# Keys under which people put people, whatever the value looks like.
_PERSONAL_KEY = re.compile(
    r"name(?!d)|mail|phone|mobile|fax|street|address|zip|postcode|postal|birth|gender|salutation|passwor|secret|token"
    r"|iban|card|ssn|tax|lat(?:itude)?$|lon(?:gitude)?$|\bip\b|message|comment|note|text|body|query|search",
    re.IGNORECASE,
)
_NAMES_OF_THINGS = re.compile(
    r"(?:form|page|plan|product|campaign|event|screen|file|button|button_|video)_?name$", re.IGNORECASE
)
_PHONE_LIKE = re.compile(r"(?:\d[\s().:/+-]*){7}")
_LARGEST_NUMBER = 1e9
_BOT = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|scrap|headless|phantomjs|lighthouse|pingdom|uptime|monitor|preview|facebookexternalhit"
    r"|python-requests|python-urllib|curl/|wget/|go-http-client|java/|okhttp|libwww|httpclient|axios/",
    re.IGNORECASE,
)


def slug(text: str) -> str:
    """The name of an event as a code: `Signed Up` → `signed_up`; `other` for what looks like a person's value."""
    if "@" in text or _PHONE_LIKE.search(text):
        return "other"
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return "_".join(re.findall(r"[a-z0-9]+", spaced.lower()))[:LONGEST_CODE] or "other"


def fact_of(call: str, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The fact that an event is, and its properties; None for calls that only say who somebody is."""
    properties = _object(given, "properties")
    context = _object(given, "context")
    match call:
        case "page":
            found = VIEWED, _page(given, properties, _object(context, "page"))
        case "screen":
            found = (
                SCREEN,
                {"screen": slug(str(given.get("name") or properties.get("name") or "")), **_codes(properties)},
            )
        case "track":
            found = _track(str(given.get("event")), properties, _object(context, "page"))
        case _:
            return None
    kind, said = found
    said |= _campaign(_object(context, "campaign"))
    if is_bot(context.get("userAgent")):
        said["bot"] = True
    return kind, {name: value for name, value in said.items() if value not in (None, "")}


def is_bot(agent: Any) -> bool:
    """Does the user agent name a program? A label, never a reason to drop the event."""
    return isinstance(agent, str) and _BOT.search(agent) is not None


def opted_out(given: Mapping[str, Any]) -> bool:
    """Did the browser send Global Privacy Control with it, or does the sender say so?"""
    return _object(given, "context").get("gpc") is True


def _track(event: str, properties: Mapping[str, Any], page: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    code = slug(event)
    kind = KINDS.get(code, TRACKED)
    said = _codes(properties)
    if kind == FORM:
        given = next(
            (properties[key] for key in ("form", "formId", "form_id", "formName", "form_name") if key in properties), ""
        )
        said = {"form": slug(str(given)) if given else "unknown", **said}
    elif kind == TRACKED:
        said = {"event": code, **said}
    return kind, {**said, "path": _url(page.get("url") or page.get("path"))[1]}


def _page(given: Mapping[str, Any], properties: Mapping[str, Any], page: Mapping[str, Any]) -> dict[str, Any]:
    said = {**page, **properties}
    url, path = _url(said.get("url") or said.get("path"))
    title = said.get("title") or given.get("name")
    return {
        "url": url,
        "path": path,
        "title": _title(title),
        "referrer": _url(said.get("referrer"))[0],
        "category": slug(category) if isinstance(category := given.get("category"), str) and category else None,
    }


def _title(text: Any) -> str | None:
    if not isinstance(text, str) or "@" in text or _PHONE_LIKE.search(text):
        return None
    return clean(text.encode(errors="replace").decode())[:LONGEST_TITLE] or None


def _url(given: Any) -> tuple[str | None, str | None]:
    """An address without query, fragment and user, and its path; parts that look personal become `…`."""
    if not isinstance(given, str) or not given.strip():
        return None, None
    try:
        parts = urlsplit(given.strip().encode(errors="replace").decode().replace("\0", ""))
        host = parts.hostname or ""
    except ValueError:
        return None, None
    path = "/".join("…" if _personal_part(one) else one for one in (parts.path or "/").split("/"))[:LONGEST_URL]
    return (f"{parts.scheme}://{host}{path}"[:LONGEST_URL] if host else path), path


def _personal_part(part: str) -> bool:
    return "@" in part or "%40" in part or (_PHONE_LIKE.search(part) is not None and not part.isalnum())


def _campaign(given: Mapping[str, Any]) -> dict[str, Any]:
    """Where a visit came from, as the page's address said (utm_…)."""
    return {
        f"utm_{name}": slug(value)
        for name in ("source", "medium", "name", "term", "content")
        if isinstance(value := given.get(name), str) and value.strip()
    }


def _codes(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Those properties that are codes, numbers, or yes and no."""
    kept: dict[str, Any] = {}
    for name, value in properties.items():
        if len(kept) >= MOST_PROPERTIES:
            break
        if (
            _KEY.fullmatch(name)
            and (not _PERSONAL_KEY.search(name) or _NAMES_OF_THINGS.search(name))
            and _is_code(name, value)
        ):
            kept[name] = value
    return kept


def _is_code(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return True
    an_id = name.lower().endswith(("id", "sku", "code"))
    if isinstance(value, int | float):
        return an_id or abs(value) < _LARGEST_NUMBER
    if not isinstance(value, str) or len(value) > LONGEST_CODE or not _CODE.fullmatch(value):
        return False
    return an_id or not _PHONE_LIKE.search(value)


# --- People -----------------------------------------------------------------------------------------------------------


def _object(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = given.get(name)
    return found if isinstance(found, dict) else {}


def _text(traits: Mapping[str, Any], *keys: str) -> str:
    for key in keys:
        value = traits.get(key)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            text = clean(str(value).encode(errors="replace").decode())
            if text and len(text) <= 500:
                return text
    return ""


def person_of(given: Mapping[str, Any], country: str) -> dict[str, Any]:
    """The fields of a person that traits give, each through its own normaliser; what it refuses is left out.

    Consent is never read from traits: a website may not say that somebody agreed.
    """
    traits = _object(given, "traits")
    address = _object(traits, "address")
    land = countries.normalise(_text(address, "country") or _text(traits, "country") or "-")
    said: dict[str, Any] = {
        "given_name": names.normalise(_text(traits, "firstName", "first_name", "firstname", "givenName")),
        "family_name": names.normalise(_text(traits, "lastName", "last_name", "lastname", "familyName")),
        "full_name": names.normalise(_text(traits, "name", "fullName", "full_name")),
        "email": emails.normalise(_text(traits, "email", "emailAddress", "email_address")),
        "phone": phones.normalise(_text(traits, "phone", "phoneNumber", "phone_number"), land or country or None),
        "job_title": _text(traits, "title", "jobTitle", "job_title", "position"),
        "website": companies.website(_text(traits, "website")),
        "industry": _text(traits, "industry"),
        "country": land,
        "region": _text(address, "state", "region") or _text(traits, "state"),
        "city": _text(address, "city") or _text(traits, "city"),
        "postcode": _text(address, "postalCode", "postal_code", "zip"),
        "street": _text(address, "street"),
        "language": languages.normalise(_text(traits, "language", "locale")),
        **_company(traits),
    }
    said["full_name"] = names.full(said["given_name"], said["family_name"]) or said["full_name"]
    return {name: value for name, value in (said | _derived(said)).items() if value not in (None, "")}


def _company(traits: Mapping[str, Any]) -> dict[str, Any]:
    given = traits.get("company")
    about: Mapping[str, Any] = given if isinstance(given, dict) else {"name": given}
    name = companies.normalise(_text(about, "name") or _text(traits, "companyName", "company_name", "organization"))
    count = about.get("employee_count", about.get("employees"))
    return {
        "company_name": name,
        "company_key_": companies.key(name),
        "company_name_": name,
        "company_domain_": companies.domain(_text(about, "domain", "website", "url")),
        "company_industry_": _text(about, "industry"),
        "company_employees_": count if isinstance(count, int) and 0 < count < 10**8 else None,
    }


def group_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The company that a group call names."""
    return {name: value for name, value in _company({"company": dict(_object(given, "traits"))}).items() if value}


def _derived(said: Mapping[str, Any]) -> dict[str, Any]:
    """What follows from the address and the title."""
    found: dict[str, Any] = {}
    if mail := said["email"]:
        domain = mail.partition("@")[2]
        found |= {"email_domain": domain, "email_kind": emails.kind(domain), "email_role": emails.is_role(mail)}
        found["company_mail_domain_"] = domain if found["email_kind"] == "work" else None
    if said["job_title"]:
        read = titles.read(said["job_title"])
        found |= {"seniority": read.seniority, "job_function": read.function}
    return found


def user_of(given: Mapping[str, Any]) -> str | None:
    """The sender's own id of its user."""
    return ident(given.get("userId"))


def source_code() -> str:
    """What the field `source` says of people who came in here."""
    return sources.normalise("website") or "website"
