"""What rules, lists and reports can name of scores and stages."""

from collections.abc import Iterator

from marops.kernel.definitions import active, load
from marops.kernel.fields import REGISTRY, Choice, Field, FieldType, Relation


def register_fields() -> None:
    """Make the main model's score and the lifecycle stage known to rules."""
    REGISTRY.relation(Relation("score", "main_score", key="contact_id", of="contact"))
    REGISTRY.relation(Relation("prediction", "main_prediction", key="contact_id", of="contact"))
    REGISTRY.relation(Relation("stage", "contact_stage", key="contact_id", of="contact"))
    REGISTRY.add(
        Field("score.value", "Score", FieldType.NUMBER, "score", "value", sortable=True, empty_is="not scored yet"),
        Field("score.fit", "Fit", FieldType.NUMBER, "score", "fit", sortable=True),
        Field("score.engagement", "Engagement", FieldType.NUMBER, "score", "engagement", sortable=True),
        Field(
            "score.grade",
            "Grade",
            FieldType.CHOICE,
            "score",
            "grade",
            choices=tuple(Choice(letter) for letter in "ABCDEF"),
            sortable=True,
        ),
        Field(
            "score.level",
            "Level of engagement",
            FieldType.INTEGER,
            "score",
            "level",
            description="1 is the keenest; with the grade it is the cell of the matrix, such as A1.",
            sortable=True,
        ),
        Field("score.mql", "MQL by the model", FieldType.BOOLEAN, "score", "mql", empty_is="not scored yet"),
        Field(
            "prediction.percent",
            "Likelihood in per cent",
            FieldType.NUMBER,
            "prediction",
            "percent",
            description="How likely the outcome of the predictive score is; none where its time is over.",
            empty_is="not foretold",
            sortable=True,
        ),
        Field(
            "prediction.band",
            "Band of the likelihood",
            FieldType.CHOICE,
            "prediction",
            "band",
            choices=_bands,
            empty_is="not foretold",
        ),
        Field("stage.name", "Stage", FieldType.CHOICE, "stage", "stage", choices=_stages, empty_is="none yet"),
        Field("stage.since", "In this stage since", FieldType.DATETIME, "stage", "since", sortable=True),
        Field(
            "stage.cycle",
            "Cycle",
            FieldType.INTEGER,
            "stage",
            "cycle",
            description="How many times this lead has begun the way; a return from a way out begins the next.",
            sortable=True,
        ),
    )


def _bands() -> Iterator[Choice]:
    for definition in active("prediction"):
        if definition.slug == "main":
            yield from (Choice(band.name, band.label) for band in load(definition).bands)


def _stages() -> Iterator[Choice]:
    for definition in active("lifecycle"):
        yield from (Choice(stage.name, stage.label) for stage in load(definition).stages)
