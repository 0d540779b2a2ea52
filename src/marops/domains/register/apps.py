from django.apps import AppConfig


class RegisterConfig(AppConfig):
    name = "marops.domains.register"
    label = "register"
    verbose_name = "Register"
