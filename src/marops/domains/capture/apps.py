from django.apps import AppConfig


class CaptureConfig(AppConfig):
    name = "marops.domains.capture"
    label = "capture"
    verbose_name = "Capture"

    def ready(self) -> None:
        from marops.domains.capture import jobs, story  # noqa: F401  # jobs registers the import
        from marops.kernel import ports

        ports.story.fill("sources", story.sources_section, order=20)
        ports.timeline.fill("import.started", story.says_started)
        ports.timeline.fill("import.finished", story.says_finished)
