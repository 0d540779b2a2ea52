from django.apps import AppConfig


class HubspotConfig(AppConfig):
    name = "marops.connectors.hubspot"
    label = "hubspot"
    verbose_name = "Hubspot"
