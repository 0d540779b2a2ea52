from django.apps import AppConfig


class RegisterConfig(AppConfig):
    name = "marops.domains.register"
    label = "register"
    verbose_name = "Register"

    def ready(self) -> None:
        from marops.domains.register import permissions  # noqa: F401  # registers its rights
        from marops.domains.register.queries import answered_for, tools_in_use
        from marops.domains.team.public import answers_for
        from marops.domains.team.public import tools_in_use as port

        port.fill("platforms", tools_in_use)
        answers_for.fill("platforms", answered_for, order=60)
