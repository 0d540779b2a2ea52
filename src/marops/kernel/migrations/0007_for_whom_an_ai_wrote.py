from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kernel", "0006_who_wrote_a_definition")]

    operations = [
        migrations.AddField("definition", "on_behalf_of", models.TextField(blank=True, default="")),
    ]
