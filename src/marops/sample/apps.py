from django.apps import AppConfig


class SampleConfig(AppConfig):
    name = "marops.sample"
    label = "sample"
    verbose_name = "Sample company"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from marops.kernel import shell
        from marops.sample import jobs  # noqa: F401  # registers its jobs
        from marops.sample.permissions import MANAGE

        says = _(
            "Two years of a made-up company: leads, sales, campaigns. Marked on every page, and one click removes it."
        )
        command = shell.Command(
            _("Look around with a sample company"), "sample:page", MANAGE, words="demo example try", first_step=True,
            heading=_("Or look around first"), says=says,
        )  # fmt: skip
        shell.commands.fill("sample", command, order=90)
