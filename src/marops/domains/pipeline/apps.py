from django.apps import AppConfig


class PipelineConfig(AppConfig):
    name = "marops.domains.pipeline"
    label = "pipeline"
    verbose_name = "Pipeline"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from marops.domains.contacts.public import deals_of
        from marops.domains.pipeline import queries, stages, story
        from marops.domains.pipeline.fields import register_fields
        from marops.domains.pipeline.permissions import CHANGE, IMPORT, VIEW
        from marops.domains.pipeline.ports import IMPORTER
        from marops.domains.pipeline.rules import Pipeline, check_pipeline
        from marops.domains.pipeline.starter import STARTERS
        from marops.domains.pipeline.writing import stages_in_force
        from marops.kernel import personal, persons, ports, shell
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
        persons.fill_company("opportunity", persons.ledger("opportunity", key="company_id"))
        deals_of.fill("pipeline", queries.DEALS_OF_PEOPLE)
        ports.story.fill("pipeline", story.pipeline, order=70)
        ports.company_story.fill("pipeline", story.company, order=30)
        for kind, says in story.SAYINGS.items():
            ports.timeline.fill(kind, says)
        ports.navigation.fill(
            "opportunities",
            shell.NavEntry("people", _("Opportunities"), "pipeline:opportunities", VIEW, words="deals pipeline sales"),
            order=25,
        )
        shell.commands.fill(
            "new-opportunity", shell.Command(_("New opportunity"), "pipeline:new", CHANGE, words="deal open")
        )
        shell.commands.fill(
            "import-opportunities",
            shell.Command(_("Import opportunities"), "capture:new", IMPORT, words="upload file csv deals"),
        )
        ports.search.fill("opportunities", queries.search_deals, order=25)
        ports.desk.fill("opportunities", queries.desk, order=30)
        shell.objects.fill("opportunity", shell.ObjectKind(_("Opportunity"), queries.find_for_shell))
