from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "marops.site"
    label = "site"
    verbose_name = "Site"

    def ready(self) -> None:
        from django.utils.module_loading import autodiscover_modules
        from django.utils.translation import gettext_lazy as _

        from marops.domains.team.public import answers_for
        from marops.engine import measuring
        from marops.engine.permissions import BACK_UP

        # Importing comments and files makes their rights known.
        from marops.kernel import comments, files, ports, shares, shell  # noqa: F401
        from marops.kernel.definitions import CHANGE, register_kind
        from marops.site import owned, permissions, repeats, targets

        # Every part may bring figures and lines for desks, in modules of these names; being loaded, they register.
        autodiscover_modules("metrics", "desk")
        ports.day_turns.fill("metrics", measuring.day_turn, order=90)
        ports.day_turns.fill("kept answers", repeats.forget)

        answers_for.fill("figures", owned.answered_for, order=10)
        register_kind(targets.KIND)
        ports.starters.fill("targets", targets.STARTERS)
        shown = shell.NavEntry("measure", _("Metrics"), "metrics", permissions.SEE_METRICS, words="figures kpi targets")
        ports.navigation.fill("metrics", shown, order=10)
        jobs = shell.NavEntry("set_up", _("Jobs"), "jobs", permissions.SEE_JOBS, words="work progress stop")
        decided = shell.NavEntry(
            "set_up", _("Definitions"), "definitions", CHANGE, words="drafts review approve versions"
        )
        ports.navigation.fill("definitions", decided, order=50)
        shared = shell.NavEntry("set_up", _("Shared links"), "shares", shares.SHARE, words="outsider copy")
        ports.navigation.fill("jobs", jobs, order=60)
        ports.navigation.fill("shares", shared, order=70)
        engine = shell.NavEntry("set_up", _("Engine"), "engine", permissions.SEE_PROBLEMS, words="stages lag health")
        ports.navigation.fill("engine", engine, order=80)
        kept = shell.NavEntry("set_up", _("Backups"), "backups:backups", BACK_UP, words="restore copy disaster")
        ports.navigation.fill("backups", kept, order=90)
