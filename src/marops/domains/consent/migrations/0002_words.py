"""`email_consent` and `phone_consent`: the word in force for marketing by a channel, one row per contact, for rules."""

from django.db import migrations

_VIEW = (
    "CREATE VIEW {channel}_consent AS SELECT contact_id, state, at FROM consent_state"
    " WHERE channel = '{channel}' AND purpose = 'marketing'"
)


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_initial")]

    operations = [
        migrations.RunSQL(_VIEW.format(channel=channel), f"DROP VIEW {channel}_consent")
        for channel in ("email", "phone")
    ]
