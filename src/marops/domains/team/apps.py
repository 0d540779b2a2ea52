from django.apps import AppConfig


class TeamConfig(AppConfig):
    name = "marops.domains.team"
    label = "team"
    verbose_name = "Team"

    def ready(self) -> None:
        self._definitions()
        self._shell()

    @staticmethod
    def _definitions() -> None:
        from marops.domains.team.rules.assumptions import Assumptions
        from marops.domains.team.rules.calendars import WorkingCalendar
        from marops.domains.team.rules.playbook import Playbook
        from marops.domains.team.rules.roles import Role, Skills
        from marops.domains.team.rules.structure import Structure
        from marops.domains.team.starter import Starters
        from marops.kernel import ports
        from marops.kernel.definitions import Kind, register_kind

        register_kind(Kind("calendar", "Working calendar", WorkingCalendar, four_eyes=False))
        register_kind(Kind("role", "Role", Role, four_eyes=False))
        register_kind(Kind("skills", "Skills", Skills, four_eyes=False))
        register_kind(Kind("structure", "Structure of the team", Structure, four_eyes=False))
        register_kind(Kind("assumptions", "Assumptions of plans", Assumptions, four_eyes=False))
        register_kind(Kind("playbook", "Playbook", Playbook, four_eyes=False))
        ports.starters.fill("team", Starters(), order=20)

    @staticmethod
    def _shell() -> None:
        from django.utils.translation import gettext_lazy as _

        from marops.domains.team.permissions import VIEW
        from marops.domains.team.queries import hours as queries
        from marops.kernel import ports, shell

        entry = shell.NavEntry(
            "people", _("Working hours"), "team:hours", VIEW, words="team absences holidays vacation calendar"
        )
        ports.navigation.fill("team-hours", entry, order=60)
        ports.search.fill("team", queries.search_people, order=85)
        shell.objects.fill("person", shell.ObjectKind(_("Member of the team"), queries.find_for_shell))
