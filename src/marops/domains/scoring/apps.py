from django.apps import AppConfig


class ScoringConfig(AppConfig):
    name = "marops.domains.scoring"
    label = "scoring"
    verbose_name = "Scoring"
