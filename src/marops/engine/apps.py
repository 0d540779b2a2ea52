from django.apps import AppConfig


class EngineConfig(AppConfig):
    name = "marops.engine"
    label = "engine"
    verbose_name = "Engine"

    def ready(self) -> None:
        from marops.engine import backups, permissions  # noqa: F401  # they register jobs and rights
