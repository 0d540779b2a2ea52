from django.db import migrations, models

# What pages said was kept in the rows of jobs once.
WITHOUT_TEXTS = "UPDATE job SET arguments = arguments - 'text' - 'title' WHERE kind = 'assistant.summary'"


class Migration(migrations.Migration):
    dependencies = [("assistant", "0001_the_ai_that_helps"), ("kernel", "0007_for_whom_an_ai_wrote")]

    operations = [
        migrations.AddField(
            model_name="provider", name="inside_why", field=models.TextField(blank=True, default="")
        ),
        migrations.RunSQL(WITHOUT_TEXTS, migrations.RunSQL.noop),
    ]
