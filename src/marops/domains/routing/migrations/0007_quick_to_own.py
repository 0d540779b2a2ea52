"""Owners that are quick to write by the million: no check of every row's contact and queue.

A contact that goes takes its owner along, and whoever writes owners holds the lock that a deletion of contacts waits
for (`contacts.public.keep_contacts`). A queue that still owns leads cannot go.
"""

import django.db.models.deletion
from django.db import migrations, models

_GONE = """
CREATE FUNCTION assignment_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  DELETE FROM assignment a USING gone g WHERE a.contact_id = g.id; RETURN NULL; END $$;
CREATE TRIGGER assignment_gone AFTER DELETE ON contact REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION assignment_gone();
CREATE FUNCTION queue_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM assignment a JOIN gone g ON g.id = a.queue_id) THEN
    RAISE EXCEPTION 'leads wait in this queue' USING ERRCODE = 'foreign_key_violation';
  END IF; RETURN NULL; END $$;
CREATE TRIGGER queue_gone AFTER DELETE ON queue REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION queue_gone();
"""
_GONE_BACK = """
DROP TRIGGER assignment_gone ON contact; DROP FUNCTION assignment_gone();
DROP TRIGGER queue_gone ON queue; DROP FUNCTION queue_gone();
"""


class Migration(migrations.Migration):
    dependencies = [("routing", "0006_pools_and_deadlines"), ("register", "0001_initial"), ("scoring", "0005_lighter")]

    operations = [
        migrations.AlterField(
            "assignment",
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
        migrations.AlterField(
            "assignment",
            "queue",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="register.queue",
            ),
        ),
        migrations.RunSQL(_GONE, _GONE_BACK),
    ]
