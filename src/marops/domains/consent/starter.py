"""The purposes and the retention that an empty workspace begins with."""

from typing import Any

from marops.kernel.definitions import Starter

_REASON = "Part of the starter set: common purposes, meant to be changed."

PURPOSES: dict[str, dict[str, Any]] = {
    "marketing": {
        "title": "Marketing",
        "says": "What we offer, by the channels that are ticked.",
        "channels": ["email", "phone", "sms", "post"],
        "bases": ["consent", "implied_business", "implied_inquiry", "legitimate_interest"],
        "standing": "legitimate_interest",
        "wording": "Yes, you may tell me about your offers. I can take this back at any time.",
    },
    "newsletter": {
        "title": "Newsletter",
        "says": "The regular letter with what is new.",
        "part_of": "marketing",
        "channels": ["email"],
        "bases": ["consent", "implied_business", "implied_inquiry", "legitimate_interest"],
        "standing": "legitimate_interest",
        "wording": "Yes, send me the newsletter by e-mail. I can take this back at any time, with one click in every"
        " letter.",
    },
    "events": {
        "title": "Events",
        "says": "Invitations to webinars, fairs and meetings.",
        "part_of": "marketing",
        "channels": ["email", "phone"],
        "bases": ["consent", "implied_business", "implied_inquiry", "legitimate_interest"],
        "standing": "legitimate_interest",
        "wording": "Yes, invite me to events. I can take this back at any time.",
    },
    "product": {
        "title": "Product information",
        "says": "What is new about products that somebody uses or asked about.",
        "part_of": "marketing",
        "channels": ["email", "phone"],
        "bases": ["consent", "implied_business", "implied_inquiry", "legitimate_interest"],
        "standing": "legitimate_interest",
        "wording": "Yes, tell me what is new about your products. I can take this back at any time.",
    },
    "service": {
        "title": "Service messages",
        "says": "What somebody needs because of a contract: receipts, changes, outages. No advertising.",
        "channels": ["email", "phone", "sms", "post"],
        "bases": ["contract", "legal_obligation"],
        "standing": "contract",
        "double_opt_in": "never",
        "people_decide": False,
        "offered": False,
    },
    "sale_or_sharing": {
        "title": "Selling or sharing data",
        "says": "Handing data about people to others for money, or for advertising across sites.",
        "channels": ["data"],
        "bases": ["consent", "legitimate_interest"],
        "standing": "legitimate_interest",
        "wording": "Yes, you may share data about me with partners for advertising. I can take this back at any time.",
        "double_opt_in": "never",
    },
}

RETENTION: dict[str, Any] = {
    "title": "Quiet for three years",
    "says": "Leads of whom nothing was heard for three years. It is shown, and runs when somebody starts it.",
    "quiet_months": 36,
    "then": "anonymise",
    "most": 500,
    "runs": False,
}

STARTERS = [Starter("purpose", slug, document, _REASON) for slug, document in PURPOSES.items()]
STARTERS.append(Starter("retention", "quiet", RETENTION, _REASON))
