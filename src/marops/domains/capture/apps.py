from django.apps import AppConfig


class CaptureConfig(AppConfig):
    name = "marops.domains.capture"
    label = "capture"
    verbose_name = "Capture"
