from django.apps import AppConfig


class PipelineConfig(AppConfig):
    name = "marops.domains.pipeline"
    label = "pipeline"
    verbose_name = "Pipeline"

    def ready(self) -> None:
        from marops.domains.pipeline import permissions  # noqa: F401  # registers its rights
