from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "marops.domains.consent"
    label = "consent"
    verbose_name = "Consent"
