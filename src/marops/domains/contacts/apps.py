from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "marops.domains.contacts"
    label = "contacts"
    verbose_name = "Contacts"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from marops.domains.contacts import jobs, queries, stages, story  # noqa: F401  # registers its jobs
        from marops.domains.contacts.actions import LIKENESS
        from marops.domains.contacts.fields import register_fields, register_quality_fields
        from marops.domains.contacts.permissions import MERGE, VIEW
        from marops.domains.contacts.ports import fill as fill_persons
        from marops.domains.contacts.rules import enrichment, freshness, identity, starters
        from marops.engine.tick import Stage
        from marops.kernel import persons, ports, shell

        register_fields()
        register_quality_fields()
        _register_kinds()
        ports.starters.fill("quality", starters.STARTERS)
        ports.starters.fill("identity", identity.STARTERS)
        ports.starters.fill("enrichment", enrichment.STARTERS)
        ports.starters.fill("freshness", freshness.STARTERS)
        ports.stages.fill("compare", Stage("compare", "Records alike", stages.compare), order=25)
        ports.stages.fill("enrich", Stage("enrich", "What follows from what is at hand", stages.enrich), order=26)
        ports.stages.fill("match", Stage("match", "Same person twice", stages.match_new), order=27)
        ports.day_turns.fill("quality", stages.day_turn)
        ports.stages.fill("quality", Stage("quality", "Data quality", stages.quality), order=30)
        ports.story.fill("contact", story.contact_section, order=10)
        ports.timeline.fill("lead.created", story.says_created)
        ports.timeline.fill("lead.updated", story.says_updated)
        ports.timeline.fill("contact.quality_changed", story.says_quality)
        ports.timeline.fill("contact.merged", story.says_merged)
        ports.timeline.fill("contact.parted", story.says_parted)
        ports.timeline.fill("quality.fixed", story.says_fixed)
        ports.timeline.fill("quality.fix_undone", story.says_undone)
        ports.story.fill("quality", story.quality_section, order=30)
        ports.navigation.fill(
            "quality",
            shell.NavEntry(
                "people", _("Quality"), "contacts:quality", VIEW, words="database faults hygiene duplicates"
            ),
            order=25,
        )
        ports.navigation.fill(
            "companies",
            shell.NavEntry("people", _("Companies"), "contacts:companies", VIEW, words="accounts organisations"),
            order=20,
        )
        ports.navigation.fill(
            "duplicates",
            shell.NavEntry(
                "people", _("Same person twice"), "contacts:duplicates", MERGE, words="duplicates dedupe identity merge"
            ),
            order=26,
        )
        merging = shell.Command(_("Merge two records"), "contacts:merges", MERGE, words="duplicate same person twice")
        shell.commands.fill("merge", merging)
        fill_persons()
        persons.fill("contact_likeness", LIKENESS)
        persons.fill("quality_fix_value", persons.rows("quality_fix_value", per=("fix_id",)))
        shell.objects.fill("company", shell.ObjectKind(_("Company"), queries.find_for_shell, personal=False))
        ports.search.fill("companies", queries.search_companies, order=20)


def _register_kinds() -> None:
    """The definitions of contacts: rules of quality, how records are matched, and whose values stay."""
    from marops.domains.contacts.queries import look_at_everybody
    from marops.domains.contacts.rules import enrichment, freshness, identity, quality, vocabularies
    from marops.kernel.definitions import Kind, register_kind

    register_kind(
        Kind(
            "quality",
            "Quality rule",
            quality.QualityRule,
            check=lambda rule: list(quality.faults_of(rule)),
            in_force=look_at_everybody,
            reserved=frozenset({"fixes", "new", "vocabularies", "age", "enrichment", "cost"}),
        )
    )
    register_kind(
        Kind(
            "vocabulary", "Vocabulary", vocabularies.Vocabulary, four_eyes=False,
            check=lambda words: list(vocabularies.faults_of(words)),
        )
    )  # fmt: skip
    register_kind(
        Kind(
            "enrichment", "Enrichment", enrichment.Enrichment, four_eyes=False,
            check=lambda document: list(enrichment.faults_of(document)),
        )
    )  # fmt: skip
    register_kind(
        Kind(
            "freshness", "Freshness", freshness.Freshness, four_eyes=False,
            check=lambda document: list(freshness.faults_of(document)),
        )
    )  # fmt: skip
    register_kind(
        Kind(
            "identity", "Identity model", identity.IdentityModel, in_trail=False,
            check=lambda model: list(identity.faults_of(model)),
        )
    )  # fmt: skip
    register_kind(
        Kind(
            "survivorship", "Survivorship rule", identity.Survivorship,
            check=lambda rule: list(identity.faults_of_survivorship(rule)),
        )
    )  # fmt: skip
