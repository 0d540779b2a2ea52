from django.urls import path

from marops.domains.contacts.pages import (
    companies,
    cost,
    duplicates,
    enrichment,
    merging,
    quality,
    rule_text,
    vocabularies,
)

app_name = "contacts"

urlpatterns = [
    path("companies", companies.company_list, name="companies"),
    path("companies/<ref>", companies.company, name="company"),
    path("duplicates", duplicates.found, name="duplicates"),
    path("duplicates/search", duplicates.search, name="duplicates-search"),
    path("duplicates/join", duplicates.join_sure, name="duplicates-join"),
    path("duplicates/pairs", duplicates.review, name="pairs"),
    path("duplicates/pairs/decide", duplicates.decide, name="pair-decide"),
    path("duplicates/joining", duplicates.joining, name="joining"),
    path("merges", merging.merge_list, name="merges"),
    path("merges/new", merging.compare, name="merge-new"),
    path("merges/make", merging.make, name="merge-make"),
    path("merges/<uuid:merge>/part", merging.part, name="merge-part"),
    path("quality", quality.database, name="quality"),
    path("quality/cost", cost.costs, name="quality-cost"),
    path("quality/vocabularies", vocabularies.word_list, name="vocabularies"),
    path("quality/vocabularies/<field>", vocabularies.words, name="vocabulary"),
    path("quality/vocabularies/<field>/decide", vocabularies.decide, name="vocabulary-decide"),
    path("quality/vocabularies/<field>/apply", vocabularies.apply_words, name="vocabulary-apply"),
    path("quality/enrichment", enrichment.fill_in, name="enrichment"),
    path("quality/enrichment/setting", enrichment.as_they_come, name="enrichment-setting"),
    path("quality/enrichment/<name>", enrichment.derive, name="fill-in"),
    path("quality/fixes", quality.fix_list, name="fixes"),
    path("quality/fixes/<ref>", quality.fix_done, name="fix-done"),
    path("quality/fixes/<ref>/undo", quality.undo, name="fix-undo"),
    path("quality/new", rule_text.make, name="rule-new"),
    path("quality/<slug>", quality.rule, name="rule"),
    path("quality/<slug>/text", rule_text.change, name="rule-text"),
    path("quality/<slug>/fix", quality.fix, name="fix"),
    path("quality/<slug>/versions/<int:version>/activate", quality.put_in_force, name="activate"),
    path("quality/<slug>/fix/<ref>", quality.fixing, name="fixing"),
]
