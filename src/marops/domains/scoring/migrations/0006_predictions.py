"""How likely an outcome is, per contact and predictive model; and how good models turned out to be."""

import django.db.models.deletion
from django.db import migrations, models

import marops.kernel.ids

_TABLES = ("contact_score", "contact_prediction", "contact_stage", "stage_passage")


def _gone(tables: tuple[str, ...]) -> str:
    rows = "".join(f" DELETE FROM {table} t USING gone g WHERE t.contact_id = g.id;" for table in tables)
    return (
        "CREATE OR REPLACE FUNCTION stage_passage_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f"{rows} RETURN NULL; END $$"
    )


class Migration(migrations.Migration):
    dependencies = [("scoring", "0005_lighter"), ("contacts", "0001_initial")]

    operations = [
        migrations.CreateModel(
            "ContactPrediction",
            [
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "contact_id", "model", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("model", models.TextField()),
                ("chance", models.FloatField()),
                ("points", models.FloatField()),
                ("band", models.TextField()),
                ("terms", models.JSONField()),
                ("definition", models.TextField()),
                ("as_of", models.DateTimeField()),
                (
                    "contact",
                    models.ForeignKey(
                        db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE,
                        related_name="+", to="contacts.contact",
                    ),
                ),
            ],
            {"db_table": "contact_prediction"},
        ),
        migrations.CreateModel(
            "PredictionCheck",
            [
                (
                    "id",
                    models.UUIDField(default=marops.kernel.ids.new_id, primary_key=True, serialize=False),
                ),
                ("model", models.TextField()),
                ("definition", models.TextField()),
                ("at", models.DateTimeField()),
                ("alarm", models.BooleanField(default=False)),
                ("figures", models.JSONField()),
            ],
            {
                "db_table": "prediction_check",
                "indexes": [models.Index("model", "at", name="prediction_check_at")],
            },
        ),
        migrations.RunSQL(_gone(_TABLES), _gone(tuple(one for one in _TABLES if one != "contact_prediction"))),
        migrations.RunSQL(
            "CREATE VIEW main_prediction AS SELECT contact_id, round((100 * chance)::numeric, 1) AS percent, band,"
            " definition, as_of FROM contact_prediction WHERE model = 'main'",
            "DROP VIEW main_prediction",
        ),
    ]  # fmt: skip
