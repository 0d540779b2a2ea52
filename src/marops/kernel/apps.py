from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "marops.kernel"
    label = "kernel"
    verbose_name = "Kernel"
