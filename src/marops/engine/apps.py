from django.apps import AppConfig


class EngineConfig(AppConfig):
    name = "marops.engine"
    label = "engine"
    verbose_name = "Engine"
