from django.apps import AppConfig


class RoutingConfig(AppConfig):
    name = "marops.domains.routing"
    label = "routing"
    verbose_name = "Routing"

    def ready(self) -> None:
        from marops.domains.routing import stages, story
        from marops.domains.routing.fields import register_fields
        from marops.domains.routing.rules import Route
        from marops.domains.routing.starter import STARTERS
        from marops.engine.tick import Stage
        from marops.kernel import ports
        from marops.kernel.definitions import Kind, register_kind

        register_kind(Kind("route", "Route", Route))
        register_fields()
        ports.starters.fill("routing", STARTERS)
        ports.stages.fill("route", Stage("route", "Routing", stages.route), order=60)
        ports.story.fill("routing", story.routing, order=60)
