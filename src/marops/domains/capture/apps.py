from django.apps import AppConfig


class CaptureConfig(AppConfig):
    name = "marops.domains.capture"
    label = "capture"
    verbose_name = "Capture"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from marops.domains.capture import jobs, queries, story  # noqa: F401  # jobs registers the import
        from marops.domains.capture.permissions import IMPORT
        from marops.kernel import ports, shell

        from marops.domains.capture.ports import fill as fill_persons
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
            "import", shell.Command(_("Import leads"), "capture:new", IMPORT, words="upload file csv", first_step=True)
        )
        ports.desk.fill("imports", queries.desk, order=50)
        shell.objects.fill("import", shell.ObjectKind(_("Import"), queries.find_for_shell))
