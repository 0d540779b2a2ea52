from django.apps import AppConfig


class MarketoConfig(AppConfig):
    name = "marops.connectors.marketo"
    label = "marketo"
    verbose_name = "Marketo"
