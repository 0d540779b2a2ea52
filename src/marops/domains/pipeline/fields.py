"""What rules, lists and reports can name of a person's deals."""

from collections.abc import Iterator, Mapping

from marops.kernel.fields import REGISTRY, Choice, FactKind, Field, FieldType, Relation

KINDS: Mapping[str, str] = {
    "created": "A deal was opened",
    "changed": "A deal got new values",
    "stage_changed": "A deal moved to another stage",
    "won": "A deal was won",
    "lost": "A deal was lost",
}
_PROPERTIES = {"amount": FieldType.NUMBER, "import": FieldType.INTEGER}


def register_fields() -> None:
    """Make known what deals a person takes part in: the relation `pipeline`, one row per person who is in any."""
    for name, label in KINDS.items():
        REGISTRY.fact_kind(FactKind(f"opportunity.{name}", label, _PROPERTIES))
    REGISTRY.relation(Relation("pipeline", "contact_pipeline", key="contact_id", of="contact"))
    number, moment = FieldType.INTEGER, FieldType.DATETIME
    REGISTRY.add(
        Field("pipeline.open", "Open deals", number, "pipeline", "open", empty_is="none", sortable=True),
        Field("pipeline.won", "Won deals", number, "pipeline", "won", empty_is="none", sortable=True),
        Field("pipeline.lost", "Lost deals", number, "pipeline", "lost", empty_is="none", sortable=True),
        Field(
            "pipeline.stage",
            "Furthest stage of a deal",
            FieldType.CHOICE,
            "pipeline",
            "stage",
            choices=_stages,
            empty_is="in no deal",
            description="Of the open deals; of the closed ones where none is open.",
        ),
        Field(
            "pipeline.amount",
            "Amount of open deals",
            FieldType.MONEY,
            "pipeline",
            "amount",
            currency_column="currency",
            description="Empty where the open deals are in several currencies: nothing adds two.",
        ),
        Field("pipeline.last_change", "Last change of a deal", moment, "pipeline", "last_change", sortable=True),
    )


def _stages() -> Iterator[Choice]:
    from marops.domains.pipeline.models import PipelineStage

    yield from (Choice(one.name, one.label) for one in PipelineStage.objects.order_by("proposed", "place", "name"))
