"""Words find people: an index over the words that a contact is known by."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("contacts", "0003_quality")]

    operations = [
        migrations.RunSQL(
            # New words wait in a list of 32 MB before they are sorted in, or an import would sort them in one by one.
            "CREATE INDEX contact_search ON contact USING gin (to_tsvector('simple', search_text))"
            " WITH (gin_pending_list_limit = 32768)",
            "DROP INDEX contact_search",
        )
    ]
