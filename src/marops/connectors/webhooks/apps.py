from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "marops.connectors.webhooks"
    label = "webhooks"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        from marops.connectors.webhooks import permissions  # noqa: F401  # registers its rights
