from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "marops.kernel"
    label = "kernel"
    verbose_name = "Kernel"

    def ready(self) -> None:
        from marops.kernel import audit, files, persons, ports

        about_contacts = "object_type = 'contact'"
        persons.fill("comment", persons.ledger("comment", key="object_id", text_where=about_contacts))
        persons.fill("file", files.of_persons(), order=20)
        # A merge leaves the trail alone: what was done to the loser was done to the loser.
        ports.erase.fill("audit_payload", audit.forget)
