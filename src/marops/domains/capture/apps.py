from django.apps import AppConfig


class CaptureConfig(AppConfig):
    name = "marops.domains.capture"
    label = "capture"
    verbose_name = "Capture"

    def ready(self) -> None:
        from marops.domains.capture import jobs  # noqa: F401  # registers the import job
