from django.apps import AppConfig


class RegisterConfig(AppConfig):
    name = "marops.domains.register"
    label = "register"
    verbose_name = "Register"

    def ready(self) -> None:
        from marops.domains.register import permissions  # noqa: F401  # registers its rights
