from datetime import datetime

from django.apps import AppConfig


class EnrichmentConfig(AppConfig):
    name = "marops.connectors.enrichment"
    label = "enrichment"
    verbose_name = "Enrichment"

    def ready(self) -> None:
        from marops.connectors.enrichment import jobs, rules  # noqa: F401  # registers its jobs
        from marops.kernel import persons, ports
        from marops.kernel.definitions import Kind, register_kind

        register_kind(
            Kind("provider", "Provider of data", rules.Provider, check=lambda document: list(rules.faults_of(document)))
        )
        persons.fill("enrichment_answer", persons.ledger("enrichment_answer"))
        ports.day_turns.fill("enrichment", _forget)


def _forget(_as_of: datetime) -> int:
    from marops.connectors.enrichment.actions import forget_old
    from marops.kernel.actors import ENGINE

    forget_old(actor=ENGINE)
    return 0
