from django.apps import AppConfig

_CHANGED = (
    "EXISTS (SELECT FROM audit_row a WHERE a.id = t.audit_id AND a.object_type = 'contact'"
    " AND a.object_id = ANY(%(ids)s))"
)


class KernelConfig(AppConfig):
    name = "marops.kernel"
    label = "kernel"
    verbose_name = "Kernel"

    def ready(self) -> None:
        from marops.kernel import audit, files, personal, persons, ports

        about_contacts = "object_type = 'contact'"
        persons.fill("comment", persons.ledger("comment", key="object_id", text_where=about_contacts))
        persons.fill("file", files.of_persons(), order=20)
        # A merge leaves the trail alone: what was done to the loser was done to the loser.
        ports.erase.fill("audit_payload", audit.forget)
        ports.export.fill("audit_payload", persons.told("audit_payload", _CHANGED))

        personal.place("comment", "text", "blank", "a remark")
        personal.place("notice", "text", "row", "a line to somebody")
        personal.place("problem", "title", "row", "a line of the problems inbox")
        personal.place("problem", "detail", "row", "a line of the problems inbox")
        personal.place("problem", "key", "row", "a line of the problems inbox")
        personal.place("job", "title", "blank", "the title of a job")
        personal.place("share_link", "title", "row", "a frozen copy")
        personal.place("share_link", "recipient", "row", "a frozen copy")
        personal.place("share_link", "html", "row", "a frozen copy")
        personal.place("review_decision", "comment", "blank", "what a reviewer wrote")
        personal.place("fact_key", "key", "row", "the key of a fact", key="key")
        personal.place("audit_payload", "payload", "row", "what was recorded as changed", key="audit_id")
        # People decide what their rules say, and old versions are never rewritten.
        personal.place("definition", "document", "tell", "a definition names the person:")
        personal.place("definition", "reason", "tell", "the reason of a definition names the person:")
