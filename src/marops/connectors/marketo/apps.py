from django.apps import AppConfig


class MarketoConfig(AppConfig):
    name = "marops.connectors.marketo"
    label = "marketo"
    verbose_name = "Marketo"

    def ready(self) -> None:
        from marops.connectors.marketo.shapes import LEADS
        from marops.kernel import ports

        ports.csv_shapes.fill("marketo", LEADS)
