from django.apps import AppConfig


class SalesforceConfig(AppConfig):
    name = "marops.connectors.salesforce"
    label = "salesforce"
    verbose_name = "Salesforce"

    def ready(self) -> None:
        from marops.connectors.salesforce.shapes import LEADS, OPPORTUNITIES
        from marops.kernel import ports

        ports.csv_shapes.fill("salesforce", LEADS)
        ports.csv_shapes.fill("salesforce_opportunities", OPPORTUNITIES)
