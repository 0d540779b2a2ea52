from django.apps import AppConfig


class RoutingConfig(AppConfig):
    name = "marops.domains.routing"
    label = "routing"
    verbose_name = "Routing"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from marops.domains.routing import dealing, queries, stages, story
        from marops.domains.routing.fields import register_fields
        from marops.domains.routing.permissions import ASSIGN, VIEW
        from marops.domains.routing.ports import fill as fill_persons
        from marops.domains.routing.rules import Route
        from marops.domains.routing.starter import STARTERS
        from marops.engine.tick import Stage
        from marops.kernel import personal, ports, shell
        from marops.kernel.definitions import Kind, register_kind

        register_kind(Kind("route", "Route", Route, check=dealing.faults_of_route, in_force=stages.in_force))
        register_fields()
        ports.starters.fill("routing", STARTERS)
        ports.stages.fill("route", Stage("route", "Routing", stages.route), order=60)
        ports.stages.fill("deadlines", Stage("deadlines", "Deadlines", stages.deadlines), order=70)
        ports.story.fill("routing", story.routing, order=60)
        ports.navigation.fill(
            "leads", shell.NavEntry("people", _("Leads"), "routing:leads", VIEW, words="contacts people"), order=10
        )
        ports.navigation.fill("queues", shell.NavEntry("people", _("Queues"), "routing:queues", VIEW), order=20)
        ports.navigation.fill(
            "routes", shell.NavEntry("people", _("Routes"), "routing:routes", VIEW, words="rules pools"), order=50
        )
        ports.navigation.fill(
            "trace",
            shell.NavEntry(
                "people", _("Why leads are bad"), "routing:trace", VIEW, words="complaint rejected trace sales quality"
            ),
            order=55,
        )
        shell.commands.fill(
            "hand-over", shell.Command(_("Hand over many leads"), "routing:hand-over-many", ASSIGN, words="absence")
        )
        ports.search.fill("leads", queries.search_leads, order=10)
        ports.desk.fill("leads", queries.desk, order=10)
        shell.objects.fill("contact", shell.ObjectKind(_("Lead"), queries.find_lead))
        fill_persons()
        self._team()
        personal.place("complaint", "said", "blank", "what sales said of leads")
        for kind, says in story.SAYINGS.items():
            ports.timeline.fill(kind, says)

    @staticmethod
    def _team() -> None:
        from marops.domains.routing.queries.passing import passed_on
        from marops.domains.team.public import passed_on as port

        port.fill("leads", passed_on, order=20)
