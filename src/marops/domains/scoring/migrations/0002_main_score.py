"""`main_score`: the scores of the model `main`, one row per contact, for rules and lists."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("scoring", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "CREATE VIEW main_score AS SELECT contact_id, fit, engagement, value, grade, definition, as_of"
            " FROM contact_score WHERE model = 'main'",
            "DROP VIEW main_score",
        )
    ]
