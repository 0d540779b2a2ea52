"""A bulk remedy may be for those of one source or import alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contacts", "0007_compared_by")]

    operations = [
        migrations.AddField("fix", "narrowed", models.JSONField(default=dict)),
    ]
