"""Numbers for references."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("capture", "0001_initial")]

    operations = [migrations.RunSQL("CREATE SEQUENCE import_number", "DROP SEQUENCE import_number")]
