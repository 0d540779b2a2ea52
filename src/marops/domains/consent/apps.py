from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "marops.domains.consent"
    label = "consent"
    verbose_name = "Consent"

    def ready(self) -> None:
        from marops.domains.consent import ports
        from marops.domains.consent.fields import register_fields
        from marops.kernel.gates import claim_predicate

        register_fields()

        # The inner SELECT has no table, so its names are those of the claiming statement.
        claim_predicate(
            "consent",
            "NOT EXISTS (SELECT FROM (SELECT contact_id AS person, channel AS by, purpose AS why) claimed"
            " JOIN consent_state s ON s.contact_id = claimed.person AND s.channel = claimed.by"
            " AND s.purpose = claimed.why WHERE s.state IN ('denied', 'unsubscribed'))",
            reason="suppressed:consent",
        )
        ports.fill()
