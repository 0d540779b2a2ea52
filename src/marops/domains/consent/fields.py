"""What rules, lists and reports can name of consent."""

from marops.kernel.fields import REGISTRY, Choice, Field, FieldType, Relation

_STATES = (
    Choice("granted", "agreed"),
    Choice("denied", "does not want it"),
    Choice("unsubscribed", "unsubscribed"),
    Choice("expired", "has ended"),
    Choice("unknown", "not known"),
)


def register_fields() -> None:
    """Make the word in force for marketing by e-mail and by phone known to rules."""
    for channel, label in (("email", "Consent to e-mail"), ("phone", "Consent to calls")):
        relation = REGISTRY.relation(
            Relation(f"{channel}_consent", f"{channel}_consent", key="contact_id", of="contact")
        )
        REGISTRY.add(
            Field(
                f"consent.{channel}",
                label,
                FieldType.CHOICE,
                relation.name,
                "state",
                choices=_STATES,
                empty_is="nobody ever said",
            )
        )
