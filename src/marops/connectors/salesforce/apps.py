from django.apps import AppConfig


class SalesforceConfig(AppConfig):
    name = "marops.connectors.salesforce"
    label = "salesforce"
    verbose_name = "Salesforce"
