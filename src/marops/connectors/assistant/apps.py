from django.apps import AppConfig


class AssistantConfig(AppConfig):
    name = "marops.connectors.assistant"
    label = "assistant"
    verbose_name = "AI that helps"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from marops.connectors.assistant import actions, jobs, queries  # noqa: F401  # acts are described, jobs known
        from marops.connectors.assistant.permissions import MANAGE
        from marops.kernel import ports, shell
        from marops.kernel.definitions import CHANGE

        ports.helpers.fill("assistant", queries.offer)
        ports.recipients.fill("assistant", queries.recipients)
        words = "ai model provider key openai local llm assistant helps"
        entry = shell.NavEntry("set_up", _("AI that helps"), "assistant:provider", MANAGE, words=words)
        ports.navigation.fill("assistant", entry, order=66)
        for name, label, right in (
            ("draft", _("Draft a definition from a sentence"), CHANGE),
            ("words", _("Propose a vocabulary by AI"), CHANGE),
            ("summary", _("Summarise this page by AI"), "policy.view"),
        ):
            shell.commands.fill(f"assistant-{name}", shell.Command(label, f"assistant:{name}", right, words="ai help"))
