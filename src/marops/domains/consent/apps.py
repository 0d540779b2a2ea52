from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "marops.domains.consent"
    label = "consent"
    verbose_name = "Consent"

    def ready(self) -> None:
        from marops.domains.consent import ports
        from marops.domains.consent.fields import register_fields
        from marops.domains.consent.queries.may import condition
        from marops.domains.consent.rules.purposes import Purpose, check_purpose
        from marops.domains.consent.rules.retention import Retention
        from marops.domains.consent.starter import STARTERS
        from marops.kernel.definitions import Kind, register_kind
        from marops.kernel.gates import claim_predicate
        from marops.kernel.ports import starters

        register_kind(Kind("purpose", "Purpose", Purpose, check=check_purpose))
        register_kind(Kind("retention", "Retention", Retention))
        starters.fill("consent", STARTERS)
        register_fields()
        claim_predicate("consent", condition(), reason="suppressed:consent")
        ports.fill()
