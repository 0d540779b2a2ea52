"""The quality rules that a workspace begins with: faults that nearly every database has, in every dimension."""

from marops.domains.contacts.rules.remedies import PLACEHOLDERS
from marops.kernel.definitions import Starter

_REASON = "Part of the starter set: faults that nearly every database has."


def _empty(*names: str) -> dict[str, object]:
    tests = [{"field": f"contact.{name}", "is_empty": True} for name in names]
    return {"all": tests} if len(tests) > 1 else dict(tests[0])


def _refused(name: str) -> dict[str, object]:
    return {"all": [{"field": f"contact.original_{name}", "is_filled": True}, _empty(name)]}


_COMPLETENESS: dict[str, dict[str, object]] = {
    "unreachable": {
        "title": "Cannot be reached",
        "severity": "high",
        "remedy": "Ask for an e-mail address or a phone number at the next contact, or enrich the record.",
        "when": _empty("email", "phone", "mobile"),
    },
    "no-name": {
        "title": "No name",
        "severity": "medium",
        "remedy": "Ask for it in the next form, or take it from the signature.",
        "when": _empty("full_name"),
    },
    "no-company": {
        "title": "No company",
        "severity": "low",
        "remedy": "Ask for it in the next form; a work address often gives it away.",
        "when": _empty("company_name"),
        "fixes": [{"do": "company_from_mail"}],
    },
    "no-country": {
        "title": "No country",
        "severity": "low",
        "remedy": "Routing by market needs it: ask for it, or take it from the phone number.",
        "when": _empty("country"),
        "fixes": [{"do": "country_from_phone"}, {"do": "country_from_mail"}],
    },
    "no-source": {
        "title": "Source is not known",
        "severity": "low",
        "remedy": "Name the source when importing; without it no campaign can be judged.",
        "when": _empty("source"),
        "fixes": [{"do": "set", "field": "source"}],
    },
}
_VALIDITY: dict[str, dict[str, object]] = {
    "email-refused": {
        "title": "The e-mail address that came in is none",
        "severity": "medium",
        "remedy": "Compare with the source; the original is kept on the record.",
        "when": _refused("email"),
    },
    "phone-refused": {
        "title": "The phone number that came in is none",
        "severity": "low",
        "remedy": "Compare with the source; a number without its country's code needs the person's country.",
        "when": _refused("phone"),
    },
    "placeholder-name": {
        "title": "The name is a placeholder",
        "severity": "medium",
        "remedy": "Clear it, so that no letter begins with it; ask for the name in the next form.",
        "when": {"field": "contact.full_name", "in": list(PLACEHOLDERS)},
        "fixes": [{"do": "clear_placeholder", "field": "full_name"}],
    },
    "title-shouts": {
        "title": "Job title in capitals",
        "severity": "low",
        "remedy": "Write it in the usual case: it stands in letters and on lists for sales.",
        "when": {
            "all": [
                {"field": "contact.job_title", "matches": "[A-Z]{5}", "case": "exact"},
                {"not": {"field": "contact.job_title", "matches": "[a-z]", "case": "exact"}},
            ]
        },
        "fixes": [{"do": "tidy_title"}],
    },
}
_FRESHNESS: dict[str, dict[str, object]] = {
    "stale": {
        "title": "Nothing new for 18 months",
        "severity": "low",
        "remedy": "Ask the person to confirm the details, enrich the record, or let it expire.",
        "when": {
            "all": [
                {"not": {"field": "contact.updated_at", "within_last": "18mo"}},
                {"not": {"field": "contact.last_activity_at", "within_last": "18mo"}},
            ]
        },
    },
    "title-aged": {
        "title": "No source has given the job title for 30 months",
        "severity": "low",
        "remedy": "People change jobs: ask for the title in the next form, or have the record looked up.",
        "when": {
            "all": [
                {"field": "confirmed.job_title", "is_filled": True},
                {"not": {"field": "confirmed.job_title", "within_last": "30mo"}},
            ]
        },
    },
}
_CONSISTENCY: dict[str, dict[str, object]] = {
    "phone-elsewhere": {
        "title": "Phone and country do not agree",
        "severity": "low",
        "remedy": "Ask which is right: people move and keep their number, but the country decides who gets the lead.",
        "when": {"field": "contact.phone_elsewhere", "is": True},
    },
    "mail-elsewhere": {
        "title": "E-mail address and country do not agree",
        "severity": "low",
        "remedy": "Check the country where it decides something; many work for a company of another country.",
        "when": {"field": "contact.mail_elsewhere", "is": True},
    },
    "activity-ahead": {
        "title": "Active in the future",
        "severity": "medium",
        "remedy": "Look at the time zone and the order of day and month in the import that brought it.",
        "when": {"field": "contact.last_activity_at", "within_next": "100y"},
    },
}
_UNIQUENESS: dict[str, dict[str, object]] = {
    "same-phone": {
        "title": "Somebody else has the same phone number",
        "severity": "medium",
        "remedy": "Compare the two: the same person twice, or a number that colleagues share.",
        "when": {"field": "contact.twins_by_phone", "at_least": 1},
    },
    "same-name-company": {
        "title": "Somebody of the same name works for the same company",
        "severity": "medium",
        "remedy": "Compare the two: most often it is one person with two addresses.",
        "when": {"field": "contact.twins_by_name_company", "at_least": 1},
    },
    "same-name-domain": {
        "title": "Somebody of the same name has an address of the same domain",
        "severity": "low",
        "remedy": "Compare the two: often it is one person whose address was mistyped or changed.",
        "when": {"field": "contact.twins_by_name_domain", "at_least": 1},
    },
}
_POLICY: dict[str, dict[str, object]] = {
    "no-consent-word": {
        "title": "Nobody knows whether we may write",
        "severity": "low",
        "remedy": "Ask for consent at the next contact, and name the column of consent when importing.",
        "when": {
            "all": [
                {"field": "contact.email", "is_filled": True},
                {"any": [{"field": "consent.email", "is_empty": True}, {"field": "consent.email", "is": "unknown"}]},
            ]
        },
    },
    "throw-away-address": {
        "title": "Throw-away address",
        "severity": "high",
        "remedy": "Do not write to it. Ask for a lasting address, or leave the lead to expire.",
        "when": {"field": "contact.email_kind", "is": "disposable"},
    },
    "shared-mailbox": {
        "title": "Shared mailbox instead of a person",
        "severity": "low",
        "remedy": "Find out who reads it; consent given there is nobody's in particular.",
        "when": {"field": "contact.email_role", "is": True},
    },
}
_BY_DIMENSION = {
    "completeness": _COMPLETENESS,
    "validity": _VALIDITY,
    "freshness": _FRESHNESS,
    "consistency": _CONSISTENCY,
    "uniqueness": _UNIQUENESS,
    "policy": _POLICY,
}

STARTERS = [
    Starter("quality", slug, {"dimension": dimension, **document}, _REASON)
    for dimension, rules in _BY_DIMENSION.items()
    for slug, document in rules.items()
]
