from django.apps import AppConfig


class RoutingConfig(AppConfig):
    name = "marops.domains.routing"
    label = "routing"
    verbose_name = "Routing"
