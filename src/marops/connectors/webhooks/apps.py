from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "marops.connectors.webhooks"
    label = "webhooks"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from marops.connectors.webhooks import queries, stages
        from marops.connectors.webhooks.permissions import MANAGE
        from marops.kernel import persons, ports, shell

        ports.beside.fill("webhooks", stages.send_for_ever)
        ports.day_turns.fill("webhooks", stages.forget)
        ports.recipients.fill("webhooks", queries.recipients)
        persons.fill("webhook_delivery", persons.ledger("webhook_delivery"))
        ports.navigation.fill(
            "webhooks",
            shell.NavEntry("set_up", _("Webhooks"), "webhooks:webhooks", MANAGE, words="outgoing hooks integrations"),
            order=65,
        )
        shell.objects.fill("webhook", shell.ObjectKind(_("Webhook"), queries.find_for_shell, personal=False))
