"""Cells of the matrix, cycles, and the passages through the stages."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0001_initial"),
        ("scoring", "0002_main_score"),
    ]

    operations = [
        migrations.AddField("contactscore", "level", models.SmallIntegerField(default=1, db_default=1)),
        migrations.AddField("contactscore", "mql", models.BooleanField(default=False, db_default=False)),
        migrations.AddField("contactscore", "fades", models.BooleanField(default=True, db_default=True)),
        migrations.AddIndex(
            "contactscore",
            models.Index(models.F("contact"), condition=models.Q(("fades", True)), name="contact_score_fades"),
        ),
        migrations.AddField("contactstage", "cycle", models.SmallIntegerField(default=1, db_default=1)),
        migrations.AddField("contactstage", "cycle_since", models.DateTimeField(null=True)),
        migrations.AddField("contactstage", "step", models.IntegerField(default=0, db_default=0)),
        migrations.AddField("contactstage", "held_from", models.TextField(null=True)),
        migrations.CreateModel(
            name="StagePassage",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "contact_id", "step", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("step", models.IntegerField()),
                ("cycle", models.SmallIntegerField()),
                ("stage", models.TextField()),
                ("entered_at", models.DateTimeField()),
                ("how", models.TextField(choices=[("reached", "Reached"), ("passed", "Passed")])),
                ("before", models.TextField(null=True)),
                ("before_since", models.DateTimeField(null=True)),
                ("definition", models.TextField()),
                ("actor", models.TextField(null=True)),
                ("reason", models.TextField(null=True)),
                (
                    "contact",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="contacts.contact",
                    ),
                ),
            ],
            options={
                "db_table": "stage_passage",
                "indexes": [
                    models.Index(models.F("stage"), models.F("entered_at"), name="stage_passage_entered"),
                ],
            },
        ),
    ]
