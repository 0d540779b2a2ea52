from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "marops.domains.contacts"
    label = "contacts"
    verbose_name = "Contacts"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from marops.domains.contacts import queries, stages, story
        from marops.domains.contacts.fields import register_fields, register_quality_fields
        from marops.domains.contacts.permissions import VIEW
        from marops.domains.contacts.queries import look_at_everybody
        from marops.domains.contacts.rules import quality
        from marops.engine.tick import Stage
        from marops.kernel import ports, shell
        from marops.kernel.definitions import Kind, register_kind

        register_fields()
        register_quality_fields()
        register_kind(Kind("quality", "Quality rule", quality.QualityRule, in_force=look_at_everybody))
        ports.starters.fill("quality", quality.STARTERS)
        ports.stages.fill("quality", Stage("quality", "Data quality", stages.quality), order=30)
        ports.story.fill("contact", story.contact_section, order=10)
        ports.timeline.fill("lead.created", story.says_created)
        ports.timeline.fill("lead.updated", story.says_updated)
        ports.story.fill("quality", story.quality_section, order=30)
        ports.navigation.fill(
            "companies",
            shell.NavEntry("people", _("Companies"), "contacts:companies", VIEW, words="accounts organisations"),
            order=20,
        )
        from marops.domains.contacts.ports import fill as fill_persons
        fill_persons()
        ports.search.fill("companies", queries.search_companies, order=20)
