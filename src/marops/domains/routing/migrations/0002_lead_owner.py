"""`lead_owner`: every assignment with its queue's short name, for rules and lists."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("routing", "0001_initial"), ("register", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "CREATE VIEW lead_owner AS SELECT a.contact_id, a.owner_id, q.slug AS queue, a.queue_id, a.rule,"
            " a.definition, a.routed_at FROM assignment a LEFT JOIN queue q ON q.id = a.queue_id",
            "DROP VIEW lead_owner",
        )
    ]
