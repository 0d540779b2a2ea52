"""Fills the new columns from what stands there, shows them to lists, and asks the engine to look at scores anew."""

from django.db import migrations

_COLUMNS = "contact_id, fit, engagement, value, grade, definition, as_of"


class Migration(migrations.Migration):
    dependencies = [("scoring", "0003_passages"), ("kernel", "0001_initial")]

    operations = [
        migrations.RunSQL(
            f"CREATE OR REPLACE VIEW main_score AS SELECT {_COLUMNS}, level, mql FROM contact_score"
            " WHERE model = 'main'",
            f"DROP VIEW main_score; CREATE VIEW main_score AS SELECT {_COLUMNS} FROM contact_score"
            " WHERE model = 'main'",
        ),
        migrations.RunSQL(
            "CREATE VIEW stage_first AS SELECT DISTINCT ON (contact_id, cycle, stage) contact_id, cycle, stage,"
            " entered_at, how, definition FROM stage_passage ORDER BY contact_id, cycle, stage, step",
            "DROP VIEW stage_first",
        ),
        migrations.RunSQL(
            "INSERT INTO stage_passage (contact_id, step, cycle, stage, entered_at, how, definition)"
            " SELECT contact_id, 1, 1, stage, since, 'reached', definition FROM contact_stage;"
            " UPDATE contact_stage SET step = 1;"
            " INSERT INTO touched (id, contact_id, due_at) SELECT gen_random_uuid(), contact_id, as_of"
            " FROM contact_score WHERE model = 'main'",
            "DELETE FROM stage_passage; UPDATE contact_stage SET step = 0",
        ),
        # Whoever goes, goes with their passages; the engine checks that a contact is still there before it writes.
        migrations.RunSQL(
            "CREATE FUNCTION stage_passage_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " DELETE FROM stage_passage p USING gone g WHERE p.contact_id = g.id; RETURN NULL; END $$;"
            " CREATE TRIGGER stage_passage_gone AFTER DELETE ON contact REFERENCING OLD TABLE AS gone"
            " FOR EACH STATEMENT EXECUTE FUNCTION stage_passage_gone()",
            "DROP TRIGGER stage_passage_gone ON contact; DROP FUNCTION stage_passage_gone()",
        ),
    ]
