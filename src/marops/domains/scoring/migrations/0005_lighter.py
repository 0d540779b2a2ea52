"""Scores and stages that are quick to write by the million: one index each, and no check of every row's contact.

A contact that goes takes its rows along by the trigger that took its passages. Whoever writes for a set of contacts
holds a lock, shared with the like, that a deletion waits for: so no row comes in behind a contact that has gone.
"""

import django.db.models.deletion
from django.db import migrations, models

_TABLES = ("contact_score", "contact_stage", "stage_passage")
_GONE = "".join(f" DELETE FROM {table} t USING gone g WHERE t.contact_id = g.id;" for table in _TABLES)


def _contact(**options: bool) -> models.ForeignKey:
    return models.ForeignKey(
        db_constraint=False,
        on_delete=django.db.models.deletion.CASCADE,
        related_name="+",
        to="contacts.contact",
        **options,
    )


class Migration(migrations.Migration):
    dependencies = [("scoring", "0004_what_is_known"), ("routing", "0005_line_has_cell_and_cycle")]

    operations = [
        migrations.RemoveIndex("contactscore", "contact_score_value"),
        migrations.RemoveIndex("contactscore", "contact_score_fades"),
        migrations.RemoveIndex("contactstage", "contact_stage_stage"),
        migrations.RemoveField("contactscore", "missing"),
        migrations.AlterField("contactscore", "contact", _contact(db_index=False)),
        migrations.AlterField(
            "contactstage",
            "contact",
            models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                primary_key=True,
                related_name="+",
                serialize=False,
                to="contacts.contact",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(
                    "ALTER TABLE contact_score DROP CONSTRAINT contact_score_pkey,"
                    " ADD CONSTRAINT contact_score_pkey PRIMARY KEY (contact_id, model)",
                    "ALTER TABLE contact_score DROP CONSTRAINT contact_score_pkey,"
                    " ADD CONSTRAINT contact_score_pkey PRIMARY KEY (model, contact_id)",
                )
            ],
            [
                migrations.AlterField(
                    "contactscore",
                    "pk",
                    models.CompositePrimaryKey(
                        "contact_id", "model", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                )
            ],
        ),
        migrations.RunSQL(
            "UPDATE contact_score s SET contributions = (SELECT coalesce(jsonb_object_agg(one ->> 'name',"
            " one -> 'points'), '{}') FROM jsonb_array_elements(s.contributions) one)"
            " WHERE jsonb_typeof(s.contributions) = 'array'",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "CREATE OR REPLACE FUNCTION stage_passage_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f"{_GONE} RETURN NULL; END $$;"
            " CREATE FUNCTION contact_going() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " PERFORM pg_advisory_xact_lock(hashtext('marops.contact.going')); RETURN NULL; END $$;"
            " CREATE TRIGGER contact_going BEFORE DELETE ON contact FOR EACH STATEMENT EXECUTE FUNCTION"
            " contact_going()",
            "DROP TRIGGER contact_going ON contact; DROP FUNCTION contact_going()",
        ),
        # Rows of a line are rewritten in place when their page has room; otherwise every index is written too.
        migrations.RunSQL("ALTER TABLE lead_line SET (fillfactor = 60)", "ALTER TABLE lead_line RESET (fillfactor)"),
    ]
