"""The predictive score that an empty workspace begins with: what counts, and a list of what must not; no model yet."""

from typing import Any, Final

from marops.kernel.definitions import Starter

PREDICTION: Final[dict[str, Any]] = {
    "title": "Will sales accept it?",
    "purpose": "How likely a lead is to be accepted by sales, learnt from what became of earlier leads.",
    "outcome": {
        "yes": ["lead.accepted", "lead.won", "opportunity.won"],
        "no": ["lead.rejected", "lead.lost", "opportunity.lost"],
        "within_days": 90,
        "undecided": "leave_out",
    },
    "looked_at_days": [1, 7, 28],
    "facts": ["page.viewed", "screen.viewed", "form.submitted", "email.clicked", "meeting.requested", "web.tracked"],
    "recent_days": 30,
    "least": 200,
    "bands": [
        {"name": "likely", "label": "Likely", "from_percent": 60},
        {"name": "maybe", "label": "Maybe", "from_percent": 30},
        {"name": "unlikely", "label": "Unlikely", "from_percent": 0},
    ],
    "left_out": [
        {
            "name": "sex",
            "label": "Sex",
            "words": [
                "sex",
                "gender",
                "salutation",
                "anrede",
                "geschlecht",
                "civility",
                "pronouns",
                "given name",
                "first name",
                "vorname",
            ],
            "why": "nobody is worth more for their sex, and salutations and given names stand for it.",
        },
        {
            "name": "age",
            "label": "Age",
            "words": [
                "age",
                "alter",
                "birth",
                "birthday",
                "birthdate",
                "date of birth",
                "geburtsdatum",
                "year of birth",
            ],
            "why": "nobody is worth more for their age.",
        },
        {
            "name": "origin",
            "label": "Origin",
            "words": [
                "nationality",
                "citizenship",
                "ethnicity",
                "ethnic",
                "place of birth",
                "mother tongue",
                "native language",
                "family name",
                "last name",
                "surname",
                "nachname",
            ],
            "why": "nobody is worth more for where they come from, and names stand for it.",
        },
        {
            "name": "belief",
            "label": "Belief",
            "words": [
                "religion",
                "religious",
                "confession",
                "political party",
                "political views",
                "union membership",
                "trade union",
            ],
            "why": "belief and membership are nobody's business here.",
        },
        {
            "name": "health_and_family",
            "label": "Health and family",
            "words": [
                "health condition",
                "state of health",
                "disability",
                "disabled",
                "pregnant",
                "pregnancy",
                "marital",
                "marital status",
                "married",
                "children",
                "sexual orientation",
            ],
            "why": "health and family life are nobody's business here.",
        },
    ],
}

_REASON = "Part of the starter set: what would count and what must not. It learns when there are enough outcomes."
STARTER = Starter("prediction", "main", PREDICTION, _REASON)
