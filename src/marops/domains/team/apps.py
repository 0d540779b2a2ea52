from django.apps import AppConfig


class TeamConfig(AppConfig):
    name = "marops.domains.team"
    label = "team"
    verbose_name = "Team"

    def ready(self) -> None:
        from marops.domains.team import jobs  # noqa: F401  # registers the job of blueprints

        self._definitions()
        self._shell()
        self._careers()

    @staticmethod
    def _definitions() -> None:
        from marops.domains.team.ports import answers_for
        from marops.domains.team.queries import answering, catalogue, structures
        from marops.domains.team.queries.newcomers import check_playbook
        from marops.domains.team.rules import catalogue_faults
        from marops.domains.team.rules.assumptions import Assumptions
        from marops.domains.team.rules.calendars import WorkingCalendar
        from marops.domains.team.rules.playbook import Playbook
        from marops.domains.team.rules.roles import Role, Skills
        from marops.domains.team.rules.structure import Structure
        from marops.domains.team.stages import turn
        from marops.domains.team.starter import Starters
        from marops.kernel import ports
        from marops.kernel.definitions import Kind, register_kind

        register_kind(Kind("calendar", "Working calendar", WorkingCalendar, four_eyes=False))
        register_kind(
            Kind(
                "role", "Role", Role, check=catalogue_faults.role_faults, four_eyes=False, enters=catalogue.role_enters,
                leaves=catalogue.role_leaves, reserved=frozenset({"new", "emblems"}),
            )
        )  # fmt: skip
        register_kind(
            Kind(
                "skills", "Skills", Skills, check=catalogue_faults.skills_faults, four_eyes=False,
                enters=catalogue.skills_enter, leaves=catalogue.skills_leave,
            )
        )  # fmt: skip
        register_kind(
            Kind(
                "structure", "Structure of the team", Structure, check=structures.check, four_eyes=False,
                reserved=frozenset({"new"}), seen=structures.seen, in_trail=False,
            )
        )  # fmt: skip
        register_kind(Kind("assumptions", "Assumptions of plans", Assumptions, four_eyes=False))
        register_kind(Kind("playbook", "Playbook", Playbook, check=check_playbook, four_eyes=False))
        answers_for.fill("definitions", answering.definitions_by_holders, order=90)
        ports.day_turns.fill("first-weeks", turn)
        ports.starters.fill("team", Starters(), order=20)

    @staticmethod
    def _shell() -> None:
        from django.utils.translation import gettext_lazy as _

        from marops.domains.team.permissions import VIEW
        from marops.domains.team.queries import finding
        from marops.domains.team.queries import hours as queries
        from marops.kernel import ports, shell

        words = "people roles coverage org chart raci single point of failure"
        entry = shell.NavEntry("operate", _("Team"), "team:overview", VIEW, words=words)
        ports.navigation.fill("team", entry, order=20)
        words = "team absences holidays vacation calendar"
        shell.commands.fill("team-hours", shell.Command(_("Working hours"), "team:hours", VIEW, words=words))
        ports.search.fill("team", finding.search_people, order=85)
        ports.search.fill("team-roles", finding.search_roles, order=87)
        ports.search.fill("team-openings", finding.search_openings, order=88)
        shell.objects.fill("person", shell.ObjectKind(_("Member of the team"), queries.find_for_shell, remarks=False))
        from marops.domains.team.queries import work

        ports.desk.fill("team-work", work.desk_lines)
        ports.search.fill("team-work", work.search_work, order=86)
        shell.objects.fill("assignment", shell.ObjectKind(_("Work"), work.find_for_shell))
        words = "1:1 one to one talk manager report"
        shell.commands.fill("team-talks", shell.Command(_("One-to-ones"), "team:talks", VIEW, words=words))
        shell.acts.fill("team", {
            "person.add": _("took into the team"), "person.change": _("changed details"),
            "person.leave": _("set the last day"), "person.forget": _("deleted what was kept"),
            "person.show": _("chose what colleagues see"), "role.give": _("gave a role"),
            "role.change": _("changed a role"), "role.take": _("took a role away"),
            "skill.look_at_self": _("said how they see their skills"), "skill.assess": _("assessed skills"),
            "evidence.add": _("added evidence"), "evidence.remove": _("removed evidence"),
            "absence.add": _("planned an absence"), "absence.remove": _("removed an absence"),
            "pay.set": _("set the pay"), "pay.remove": _("removed a line of pay"),
            "work.move_all": _("moved all work"), "work.move_back": _("moved all work back"),
        })  # fmt: skip
        words = "assign task to do delegate"
        shell.commands.fill("team-work", shell.Command(_("New work"), "team:work-new", VIEW, words=words))

    @staticmethod
    def _careers() -> None:
        from django.utils.translation import gettext_lazy as _

        from marops.domains.team import ports as team_ports
        from marops.domains.team.permissions import VIEW
        from marops.domains.team.queries import growth
        from marops.kernel import shell

        team_ports.grown.fill("definitions", growth.put_in_force)
        words = "career path next role promotion ladder growth"
        shell.commands.fill("career-map", shell.Command(_("Career map"), "team:career", VIEW, words=words))
        words = "growth plan goals moves mentor review"
        shell.commands.fill("growth-plan", shell.Command(_("My growth plan"), "team:growth", VIEW, words=words))
