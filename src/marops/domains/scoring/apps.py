from django.apps import AppConfig


class ScoringConfig(AppConfig):
    name = "marops.domains.scoring"
    label = "scoring"
    verbose_name = "Scoring"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from marops.domains.scoring import stages, story
        from marops.domains.scoring.fields import register_fields
        from marops.domains.scoring.permissions import VIEW
        from marops.domains.scoring.prediction import jobs  # noqa: F401  # registers its kinds of jobs
        from marops.domains.scoring.prediction import stages as predicting
        from marops.domains.scoring.prediction import story as foretold
        from marops.domains.scoring.prediction.starter import STARTER
        from marops.domains.scoring.starter import STARTERS
        from marops.engine.tick import Stage
        from marops.kernel import persons, ports, shell

        _register_kinds()
        register_fields()
        ports.starters.fill("scoring", [*STARTERS, STARTER])
        ports.stages.fill("score", Stage("score", "Score", stages.score), order=40)
        ports.stages.fill("predict", Stage("predict", "Predictive score", predicting.predict), order=42)
        ports.stages.fill("lifecycle", Stage("lifecycle", "Lifecycle stages", stages.lifecycle), order=45)
        ports.day_turns.fill("score", stages.day_turn)
        ports.day_turns.fill("predict", predicting.day_turn)
        ports.story.fill("score", story.score, order=40)
        ports.story.fill("prediction", foretold.prediction, order=41)
        ports.story.fill("stage", story.stage, order=50)
        persons.fill("contact_score", persons.rows("contact_score", per=("model",)))
        persons.fill("contact_prediction", persons.rows("contact_prediction", per=("model",)))
        persons.fill("contact_stage", persons.rows("contact_stage"))
        # Passages are numbered per contact: the loser's go over as a whole, or not at all.
        persons.fill("stage_passage", persons.rows("stage_passage"))
        ports.navigation.fill(
            "scoring",
            shell.NavEntry("measure", _("Scoring"), "scoring:models", VIEW, words="grade points mql"),
            order=40,
        )
        ports.navigation.fill(
            "predictions",
            shell.NavEntry(
                "measure",
                _("Predictions"),
                "scoring:predictions",
                VIEW,
                words="predictive score likelihood machine learning",
            ),
            order=40,
        )
        ports.navigation.fill(
            "lifecycle",
            shell.NavEntry("measure", _("Lifecycle"), "scoring:lifecycle", VIEW, words="stages funnel"),
            order=41,
        )
        for kind, says in story.SAYINGS.items():
            ports.timeline.fill(kind, says)


def _register_kinds() -> None:
    from marops.domains.contacts.public import look_at_everybody
    from marops.domains.scoring.prediction.rules import Prediction, check_prediction
    from marops.domains.scoring.rules import (
        Lifecycle,
        ScoreModel,
        check_lifecycle,
        check_score,
        lifecycle_from_1,
        score_from_1,
    )
    from marops.kernel.definitions import Kind, register_kind

    register_kind(
        Kind(
            "score",
            "Scoring model",
            ScoreModel,
            schema_version=2,
            upcasters={1: score_from_1},
            check=check_score,
            in_force=look_at_everybody,
        )
    )
    register_kind(
        Kind(
            "prediction",
            "Predictive score",
            Prediction,
            check=check_prediction,
            in_force=look_at_everybody,
            # A model is a hundred kilobytes of figures: the trail says by its digest which one it was.
            in_trail=False,
        )
    )
    register_kind(
        Kind(
            "lifecycle",
            "Lifecycle",
            Lifecycle,
            schema_version=2,
            upcasters={1: lifecycle_from_1},
            check=check_lifecycle,
            in_force=look_at_everybody,
        )
    )
