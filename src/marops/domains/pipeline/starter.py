"""The pipeline that an empty workspace begins with: the usual stages, and those that Salesforce and HubSpot ship."""

from typing import Any

from marops.kernel.definitions import Starter

_STAGES: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("prospecting", "Prospecting", "0.1", "open", ("Prospect", "New", "Open", "Lead in")),
    ("qualification", "Qualification", "0.1", "open", ("Qualified", "Qualifying")),
    ("appointment_scheduled", "Appointment scheduled", "0.2", "open", ("appointmentscheduled", "Meeting scheduled")),
    ("engaging", "Engaging", "0.2", "open", ("Engaged", "Contact made")),
    ("needs_analysis", "Needs analysis", "0.2", "open", ("Discovery", "Needs defined")),
    ("qualified_to_buy", "Qualified to buy", "0.4", "open", ("qualifiedtobuy",)),
    ("value_proposition", "Value proposition", "0.5", "open", ()),
    ("presentation_scheduled", "Presentation scheduled", "0.6", "open", ("presentationscheduled", "Demo")),
    ("id_decision_makers", "Decision makers known", "0.6", "open", ("Id. Decision Makers", "Identify Decision Makers")),
    ("perception_analysis", "Perception analysis", "0.7", "open", ()),
    ("proposal", "Proposal", "0.75", "open", ("Proposal/Price Quote", "Proposal sent", "Quote", "Proposal made")),
    ("decision_maker_bought_in", "Decision maker bought in", "0.8", "open", ("decisionmakerboughtin",)),
    ("negotiation", "Negotiation", "0.9", "open", ("Negotiation/Review", "Negotiations started", "Verbal")),
    ("contract_sent", "Contract sent", "0.9", "open", ("contractsent", "Contract")),
    ("closed_won", "Won", "1", "won", ("Closed Won", "closedwon", "Close - Won")),
    ("closed_lost", "Lost", "0", "lost", ("Closed Lost", "closedlost", "Close - Lost")),
)  # fmt: skip

PIPELINE: dict[str, Any] = {
    "title": "Pipeline",
    "purpose": "The way of a deal, from first talk to won or lost. Take out the stages that you do not use.",
    "stages": [
        {"name": name, "label": label, "probability": probability, "outcome": outcome, "also": list(also)}
        for name, label, probability, outcome, also in _STAGES
    ],
}

STARTERS = (
    Starter("pipeline", "main", PIPELINE, "Part of the starter set: usual stages, and those other systems ship."),
)
