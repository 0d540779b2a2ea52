"""Words find people: an index over the words that a contact is known by."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("contacts", "0003_quality")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX contact_search ON contact USING gin (to_tsvector('simple', search_text))",
            "DROP INDEX contact_search",
        )
    ]
