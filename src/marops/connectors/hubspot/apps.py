from django.apps import AppConfig


class HubspotConfig(AppConfig):
    name = "marops.connectors.hubspot"
    label = "hubspot"
    verbose_name = "HubSpot"

    def ready(self) -> None:
        from marops.connectors.hubspot.shapes import CONTACTS, DEALS
        from marops.kernel import ports

        ports.csv_shapes.fill("hubspot", CONTACTS)
        ports.csv_shapes.fill("hubspot_deals", DEALS)
