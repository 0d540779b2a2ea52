"""By which values a contact was compared, so that nobody is compared twice by the same ones."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contacts", "0006_quality_views")]

    operations = [
        migrations.AddField("likeness", "seen", models.BigIntegerField(default=0)),
    ]
