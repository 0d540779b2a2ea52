"""What rules, lists and reports can name of ownership."""

from collections.abc import Iterator

from marops.domains.register.public import queue_names
from marops.kernel.fields import REGISTRY, Choice, Field, FieldType, Relation


def register_fields() -> None:
    """Make owner and queue known to rules."""
    REGISTRY.relation(Relation("assignment", "lead_owner", key="contact_id", of="contact"))
    REGISTRY.add(
        Field("owner.queue", "Queue", FieldType.CHOICE, "assignment", "queue", choices=_queues, empty_is="no queue"),
        Field("owner.account", "Owner", FieldType.REFERENCE, "assignment", "owner_id", empty_is="nobody"),
        Field("owner.since", "Owned since", FieldType.DATETIME, "assignment", "routed_at", sortable=True),
    )


def _queues() -> Iterator[Choice]:
    for slug, name in queue_names().items():
        yield Choice(slug, name)
