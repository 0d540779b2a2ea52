from django.apps import AppConfig


class PipelineConfig(AppConfig):
    name = "marops.domains.pipeline"
    label = "pipeline"
    verbose_name = "Pipeline"

    def ready(self) -> None:
        from marops.domains.pipeline import stages
        from marops.domains.pipeline.fields import register_fields
        from marops.domains.pipeline.ports import IMPORTER
        from marops.domains.pipeline.rules import Pipeline, check_pipeline
        from marops.domains.pipeline.starter import STARTERS
        from marops.domains.pipeline.writing import stages_in_force
        from marops.kernel import personal, persons, ports
        from marops.kernel.definitions import Kind, register_kind

        register_kind(Kind("pipeline", "Pipeline", Pipeline, check=check_pipeline, in_force=stages_in_force))
        register_fields()
        ports.starters.fill("pipeline", STARTERS)
        ports.importers.fill("opportunities", IMPORTER, order=20)
        ports.day_turns.fill("opportunities", stages.day_turn)
        personal.place("opportunity", "name", "tell", "a deal is named after the person:")
        personal.place("opportunity", "custom", "key", "a column of a deal")
        persons.fill(
            "opportunity_person",
            persons.rows("opportunity_person", per=("opportunity_id",), takes_over='loser."primary"'),
        )
