from django.apps import AppConfig


class SampleConfig(AppConfig):
    name = "marops.sample"
    label = "sample"
    verbose_name = "Sample company"

    def ready(self) -> None:
        from marops.sample import jobs, permissions  # noqa: F401  # registers its jobs and rights
