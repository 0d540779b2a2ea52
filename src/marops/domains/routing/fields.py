"""What rules, lists and reports can name of ownership."""

from collections.abc import Iterator

from marops.domains.register.public import queue_names
from marops.domains.routing.rules import REASONS, STATES
from marops.kernel.fields import REGISTRY, Choice, Field, FieldType, Relation


def register_fields() -> None:
    """Make owner and queue known to rules."""
    REGISTRY.relation(Relation("assignment", "lead_owner", key="contact_id", of="contact"))
    REGISTRY.add(
        Field("owner.queue", "Queue", FieldType.CHOICE, "assignment", "queue", choices=_queues, empty_is="no queue"),
        Field("owner.account", "Owner", FieldType.REFERENCE, "assignment", "owner_id", empty_is="nobody"),
        Field("owner.since", "Owned since", FieldType.DATETIME, "assignment", "routed_at", sortable=True),
    )
    REGISTRY.relation(Relation("lead_disposition", "contact_disposition", key="contact_id", of="contact"))
    REGISTRY.add(
        Field("disposition.state", "Disposition", FieldType.CHOICE, "lead_disposition", "state", choices=_STATES),
        Field(
            "disposition.reason", "Reason of the disposition", FieldType.CHOICE, "lead_disposition", "reason",
            choices=_REASONS, empty_is="no reason",
        ),
        Field("disposition.at", "Disposition since", FieldType.DATETIME, "lead_disposition", "at", sortable=True),
    )  # fmt: skip
    REGISTRY.relation(Relation("company_owner", "contact_company_owner", key="contact_id", of="contact"))
    REGISTRY.add(
        Field("company.owner", "Owner of the company's leads", FieldType.REFERENCE, "company_owner", "owner_id",
              empty_is="nobody"),
    )  # fmt: skip


_STATES = tuple(Choice(value, label) for value, label in STATES.items())
_REASONS = tuple(Choice(value, label) for value, label in REASONS.items())


def _queues() -> Iterator[Choice]:
    for slug, name in queue_names().items():
        yield Choice(slug, name)
