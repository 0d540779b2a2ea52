from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kernel", "0002_audit_is_append_only")]

    operations = [
        migrations.AddField(
            model_name="workspace",
            name="sample",
            field=models.BooleanField(default=False, editable=False),
        ),
    ]
