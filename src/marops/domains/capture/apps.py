from django.apps import AppConfig


class CaptureConfig(AppConfig):
    name = "marops.domains.capture"
    label = "capture"
    verbose_name = "Capture"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from marops.domains.capture import jobs, queries, stages, story  # noqa: F401  # jobs registers the import
        from marops.domains.capture.intake import says
        from marops.domains.capture.permissions import IMPORT, SEND
        from marops.domains.capture.ports import fill as fill_persons
        from marops.domains.team.public import passed_on as team_passed_on
        from marops.engine.inlets import Inlet
        from marops.kernel import persons, ports, shell

        fill_persons()
        ports.story.fill("sources", story.sources_section, order=20)
        ports.timeline.fill("import.started", story.says_started)
        ports.timeline.fill("import.finished", story.says_finished)
        ports.navigation.fill(
            "imports",
            shell.NavEntry("people", _("Imports"), "capture:imports", IMPORT, words="upload csv xlsx"),
            order=30,
        )
        shell.commands.fill(
            "import",
            shell.Command(
                _("Import leads"), "capture:new", IMPORT, words="upload file csv", first_step=True,
                heading=_("Bring your leads in"),
                says=_(
                    "A file from a CRM, a form tool or a spreadsheet is enough: 6,468 real leads were cleaned, scored,"
                    " given an owner and explained in under a minute."
                ),
            ),
        )  # fmt: skip
        ports.desk.fill("imports", queries.desk, order=50)
        shell.objects.fill("import", shell.ObjectKind(_("Import"), queries.find_for_shell))
        team_passed_on.fill("imports", queries.passed_on, order=30)
        ports.inlets.fill("intake", Inlet("intake", "Intake", stages.WAITING, stages.intake), order=10)
        ports.day_turns.fill("intake", stages.forget)
        persons.fill("intake_event", persons.ledger("intake_event"))
        persons.fill("visitor_trail", persons.ledger("visitor_trail"))
        for kind, words in says.TIMELINE.items():
            ports.timeline.fill(kind, words)
        ports.navigation.fill(
            "intake",
            shell.NavEntry("set_up", _("Intake"), "capture:intake", SEND, words="segment tracking events write key"),
            order=60,
        )
