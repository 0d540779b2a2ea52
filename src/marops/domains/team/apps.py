from django.apps import AppConfig


class TeamConfig(AppConfig):
    name = "marops.domains.team"
    label = "team"
    verbose_name = "Team"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from marops.domains.team import queries
        from marops.domains.team.permissions import VIEW
        from marops.domains.team.rules import WorkingCalendar
        from marops.domains.team.starter import STARTERS
        from marops.kernel import ports, shell
        from marops.kernel.definitions import Kind, register_kind

        register_kind(Kind("calendar", "Working calendar", WorkingCalendar, four_eyes=False))
        ports.starters.fill("team", STARTERS, order=20)
        entry = shell.NavEntry(
            "people", _("Working hours"), "team:people", VIEW, words="team absences holidays vacation calendar"
        )
        ports.navigation.fill("team-hours", entry, order=60)
        ports.search.fill("team", queries.search_people, order=85)
        shell.objects.fill("person", shell.ObjectKind(_("Member of the team"), queries.find_for_shell))
