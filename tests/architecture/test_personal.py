"""The register of places that may hold a person's value is compared with the schema and with a workspace.

Whoever adds a table with text in it says here, or better in the register, what becomes of people's values there.
"""

import pytest
from django.apps import apps
from django.db import models

from marops.kernel import personal, ports
from marops.kernel.config import config

WORKERS = "about those who work here, who are no contacts"
DECIDED = "what people decided or set; holds no value of a contact"
IDS = "ids, codes and numbers alone"
# Tables whose text is not searched, and why. A column may be named as table.column.
HOLDS_NONE = {
    "account": WORKERS,
    "ai_act": "kinds, ids, digests and the policy's own words",
    **{f"ai_draft.{one}": IDS for one in ("use", "actor", "on_behalf_of", "sha256", "gates", "asked", "prompt")},
    "ai_switch": WORKERS,
    "ai_tally": "how many acts there are, of which use",
    "assignment_of_work": WORKERS,
    "duty": WORKERS,
    "growth_goal": WORKERS,
    "growth_move": WORKERS,
    "growth_plan": WORKERS,
    "growth_review": WORKERS,
    "prediction_check": "figures of a predictive model: shares of leads, never one lead's values",
    "one_to_one": WORKERS,
    "onboarding": WORKERS,
    "person_pay": WORKERS,
    "person_shown": WORKERS,
    "role_held": WORKERS,
    "skill_assessment": WORKERS,
    "skill_evidence": WORKERS,
    "talk": WORKERS,
    "talk_topic": WORKERS,
    "work_move": IDS,
    "vacancy": WORKERS,
    "api_token": WORKERS,
    "account_role": WORKERS,
    "one_time_link": WORKERS,
    "metric_reading": "figures; split by sources, currencies and ids of accounts",
    "sign_in_attempt": "keyed hashes alone",
    "absence": WORKERS,
    "business_unit": DECIDED,
    "campaign": DECIDED,
    "channel": DECIDED,
    "opportunity": "deals of organisations; their names and the columns a file brought are searched",
    "opportunity_key": IDS,
    "opportunity_move": IDS,
    "opportunity_snapshot": IDS,
    "other_name": DECIDED,
    "person": WORKERS,  # the address of who has no account goes when they are forgotten
    "pipeline_stage": DECIDED,
    "platform": DECIDED,
    "policy_table": IDS,
    "pool_deal": WORKERS,
    "pool_seat": IDS,
    "sample_company": "ids of made-up people, who are nobody",
    "source": DECIDED,
    "ai_provider": DECIDED,
    "audit_row": IDS,
    "audit_seal": IDS,
    "audit_sealed": IDS,
    "auth_group": WORKERS,
    "auth_permission": IDS,
    **{f"complaint.{one}": DECIDED for one in ("about", "answer", "sha256", "by", "cause", "draft")},
    "company_merge": "companies that became one, and the ids of what followed; names and reasons are searched",
    "match_run": "figures, and names of what was compared",
    "company": "organisations, which are no persons; the name is searched all the same",
    "contact_alias": IDS,
    "custom_field": DECIDED,
    "definition": DECIDED,
    "django_content_type": IDS,
    "django_migrations": IDS,
    "django_session": WORKERS,
    "erased_contact": IDS,
    "erasure_proof": "places, counts and ids: what was searched for is not in it",
    "erased_value": "keyed hashes alone",
    "event_log": "titles, names of files and headings are searched; the rest are ids and codes",
    "fact_inbox": "facts hold ids and codes; those about erased people are deleted",
    "fact_key": IDS,
    "import_batch": IDS,
    "import_finding": IDS,
    "import_run": "names of files are searched; plans and reports hold columns and counts",
    "job": "arguments are searched; progress and results hold ids, short names and figures",
    "workflow_answer": "what was asked and answered is searched; the rest are ids and short names",
    "log_discovery": "what was found is searched; short names of workflows and crews",
    "kept_answer": "answers to programs: encrypted, and gone after a day",
    "notice": IDS,
    "problem": IDS,
    "quality_day": IDS,
    "quality_fix": DECIDED,
    "queue": DECIDED,
    "review": IDS,
    "structure_sketch": WORKERS,
    "review_decision": IDS,
    "share_link": WORKERS,
    "stage_run": IDS,
    "tick": IDS,
    "touched": IDS,
    "enrichment_key": DECIDED,
    "webhook_endpoint": DECIDED,
    "workflow_sketch": DECIDED,
    "workspace": DECIDED,
}
TEXT = (models.TextField, models.CharField, models.JSONField)


def _columns():
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed:
            for field in model._meta.concrete_fields:
                if isinstance(field, TEXT) and not field.choices:
                    yield model._meta.db_table, field.column


def test_every_column_of_text_is_in_the_register_or_holds_nothing_of_people():
    rows = {filler.name for filler in ports.erase} | {"file", "comment"}
    searched = {(one.table, one.column) for one in personal.places()}
    open_ends = [
        f"{table}.{column}"
        for table, column in _columns()
        if table not in rows | HOLDS_NONE.keys()
        and (table, column) not in searched
        and f"{table}.{column}" not in HOLDS_NONE
    ]
    assert not open_ends, f"register a Place in kernel.personal, or say why it holds nothing: {open_ends}"


def test_the_list_is_not_stale():
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    assert {name.partition(".")[0] for name in HOLDS_NONE} - {"django_migrations"} <= tables


@pytest.mark.django_db(transaction=True)
def test_every_folder_of_a_workspace_is_in_the_register(engine):
    assert engine.query.rows("SELECT count(*) AS n FROM facts")
    known = {one.name for one in personal.FOLDERS}
    assert {path.name for path in config().home.iterdir()} <= known
