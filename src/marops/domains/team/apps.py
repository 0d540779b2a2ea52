from django.apps import AppConfig


class TeamConfig(AppConfig):
    name = "marops.domains.team"
    label = "team"
    verbose_name = "Team"

    def ready(self) -> None:
        from marops.domains.team import permissions  # noqa: F401  # registers its rights
