"""Predictive scoring: how well, and how quickly explained: `uv run python benchmarks/prediction.py --file LEADS.csv --target WON`.

Trains on a file (without --file on made-up leads) as `marops score train` does and prints AUC and calibration error of the
newest fifth beside a logistic regression of scikit-learn (one-hot, scaled, with the same rows and fields, calibrated by
Platt). Then repeats the rows to a million, explains every one of them (all terms and the probability), in Python and by the
compiled SELECT on DuckDB, and prints the seconds against the limit. `--leads` times the statement that scores the workspace's
own leads, on made-up tables.
"""

import argparse
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from ground import told

from marops.methods.prediction.measuring import measures
from marops.methods.prediction.model import Model, score
from marops.methods.prediction.ordering import order_of
from marops.methods.prediction.outcomes import outcomes_like
from marops.methods.prediction.reading import column_of
from marops.methods.prediction.sql import statement
from marops.methods.prediction.training import Asked, train
from marops.store.tablefiles import read_texts, write_texts

LIMIT = 30.0  # seconds for a million explanations
LEAST_AUC, MOST_ERROR = 0.87, 0.03  # of the newest fifth of the file this was set for


def main() -> int:
    """Train, compare, explain a million rows; 1 where a limit is broken or the peer ranks better."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--file", default="", help="leads with a known outcome; without it they are made up")
    given.add_argument("--target", default="outcome")
    given.add_argument("--rows", type=int, default=1_000_000)
    given.add_argument("--leads", action="store_true", help="only the statement that scores the workspace's own leads")
    options = given.parse_args()
    if options.leads:
        return int(own_leads(options.rows))
    table = read_texts(Path(options.file))[0] if options.file else made_up(20_000)
    began = time.perf_counter()
    model = train(table, Asked(options.target))
    seconds = time.perf_counter() - began
    found, peer = model.measured, logistic(table, model)
    print(
        f"{table.num_rows:,} rows, {len(model.terms)} fields, left out: {', '.join(one.field for one in model.excluded)}"
    )
    print(
        f"{'ours':<24} AUC {found['auc']:.4f}  ECE {found['ece']:.4f}  lift {found['lift_10']:.2f}  {seconds:.1f} s for two models"
    )
    print(
        f"{'logistic regression':<24} AUC {peer['auc']:.4f}  ECE {peer['ece']:.4f}  lift {peer['lift_10']:.2f}  {peer['seconds']:.1f} s"
    )
    if options.file:
        print(
            f"AUC {found['auc'] / LEAST_AUC:.3f} x the least of {LEAST_AUC}; ECE {found['ece'] / MOST_ERROR:.2f} x the most of {MOST_ERROR}"
        )
    slow = explained(table, model, options.rows)
    return int(slow or found["auc"] < peer["auc"])


def explained(table: pa.Table, model: Model, rows: int) -> bool:
    """Explain so many rows in three ways; was one of them over the limit?"""
    many = table.take(np.resize(np.arange(table.num_rows), rows)).combine_chunks()
    limit, slow = LIMIT * rows / 1_000_000, False
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as engine:
        file = Path(folder) / "leads.csv"
        write_texts(file, [many])
        engine.register("given", many)
        engine.execute("CREATE TABLE leads AS SELECT * FROM given")
        select = statement(model, "leads", columns=many.column_names)
        for what, work in (
            ("explained in memory", lambda: score(model, many)),
            ("explained by SELECT on DuckDB", lambda: engine.execute(f"CREATE OR REPLACE TABLE scored AS {select}")),
            ("scored by SELECT, without terms", lambda: engine.execute(
                f"SELECT sum(probability) FROM ({statement(model, 'leads', columns=many.column_names, terms=False)})").fetchall()),
            ("file to file, as `marops score apply`", lambda: applied(file, model)),
        ):  # fmt: skip
            began = time.perf_counter()
            work()
            seconds = time.perf_counter() - began
            slow |= seconds > limit
            print(told(f"{rows:,} rows {what}", seconds, limit, f"{rows / seconds:,.0f} a second"), flush=True)
    return slow


def own_leads(rows: int) -> bool:
    """Open leads and five facts of each, made up: what is looked at, the score and its terms as the engine keeps them."""
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marops.site.settings")
    django.setup()
    from marops.domains.scoring.prediction.features import Tables, features_sql
    from marops.domains.scoring.prediction.looks import live_sql
    from marops.domains.scoring.prediction.rules import Input, Prediction
    from marops.domains.scoring.prediction.stages import scored_sql
    from marops.domains.scoring.prediction.starter import PREDICTION

    fields = ("source", "country", "city", "industry", "seniority", "job_function", "employees", "language", "campaign")
    kinds = ("page.viewed", "form.submitted", "email.clicked", "meeting.requested")
    inputs = [
        *(Input(name=f"contact.{one}", label=one, of="field", source=f"contact.{one}") for one in fields),
        *(Input(name=f"{of}.{kind}", label=kind, of=of, source=kind, days=30) for kind in kinds for of in ("count", "last")),
        Input(name="lead.age", label="Age", of="age"), Input(name="lead.weekday", label="Weekday", of="weekday"),
    ]  # fmt: skip
    as_of, limit = datetime(2026, 11, 20, tzinfo=UTC), LIMIT * rows / 1_000_000
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        texts = ", ".join(f"'{one} ' || hash(i, '{one}') % 40 AS {one}" for one in fields if one != "employees")
        engine.execute(
            f"CREATE TABLE contact AS SELECT uuid() AS id, TIMESTAMPTZ '2026-11-20' - to_hours((i % 2000)::INT) AS"
            f" created_at, '{{}}' AS provenance, (hash(i) % 5000)::INT AS employees, {texts} FROM range({rows}) t(i)"
        )
        engine.execute(
            f"CREATE TABLE facts AS SELECT c.id AS contact_id, ([{', '.join(map(repr, kinds))}])[1 + n % 4] AS kind,"
            " c.created_at + to_minutes(n::INT * 50) AS occurred_at, c.created_at AS recorded_at"
            " FROM contact c, range(5) t(n)"
        )
        tables, document = Tables("contact", "facts"), Prediction.model_validate(PREDICTION)
        shown = features_sql(inputs, live_sql(document, "", tables, as_of), tables, "Europe/Berlin", then=False)
        sample = engine.execute(
            f'SELECT * EXCLUDE (key, id), (hash(key) % 10 < 3 + length("contact.source") % 3)::INT::VARCHAR AS won'
            f" FROM ({shown}) LIMIT 20000"
        ).to_arrow_table()
        model = train(sample, Asked("won", yes="1", dates=False))
        used = {term.field for term in model.terms}
        document = document.model_copy(
            update={"model": model, "inputs": tuple(one for one in inputs if one.name in used)}
        )
        began = time.perf_counter()
        engine.execute(f"CREATE TABLE scored AS {scored_sql(document, shown)}")
        seconds = time.perf_counter() - began
        count, apart = engine.execute(
            "SELECT count(*), max(abs(points - ? - list_sum(list_transform(json_extract(terms, '$.*'),"
            " lambda one: (one ->> 1)::DOUBLE)))) FROM (SELECT * FROM scored USING SAMPLE 1000)",
            [model.intercept],
        ).fetchall()[0]
    print(told(f"{rows:,} open leads scored with every term", seconds, limit, f"{rows / seconds:,.0f} a second"))
    print(f"of {count:,} the terms and the intercept are the points but for {apart:.1e}")
    return seconds > limit or apart > 1e-9


def applied(file: Path, model: Model) -> None:
    """What the command does, without the start of the program."""
    from marops.cli.predicting import _scores

    write_texts(file.with_name("scores.csv"), _scores(model, read_texts(file)[0], []))


def logistic(table: pa.Table, model: Model) -> dict[str, Any]:
    """The usual logistic regression on the same rows and fields."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    began = time.perf_counter()
    columns = {name: column_of(table, name) for name in table.column_names if name != model.target}
    values = outcomes_like(column_of(table, model.target), model.yes, model.no)
    order = order_of(columns, table.num_rows)
    rows = order.rows[values[order.rows] >= 0]
    older, middle, newest = np.split(rows, [int(len(rows) * 0.6), int(len(rows) * 0.8)])
    numbers = [term.field for term in model.terms if term.kind == "number"]
    levels = [term.field for term in model.terms if term.kind != "number"]
    parts = [columns[name].numbers(".") for name in numbers]
    texts = [np.array(columns[name].keys, dtype=object)[columns[name].codes] for name in levels]
    given = np.empty((table.num_rows, len(parts) + len(texts)), dtype=object)
    for at, part in enumerate([*parts, *texts]):
        given[:, at] = part
    machine = make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), list(range(len(parts)))),
            (
                OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5),
                list(range(len(parts), given.shape[1])),
            ),
        ),
        LogisticRegression(max_iter=2_000),
    ).fit(given[older], values[older])
    platt = LogisticRegression(C=1e6).fit(machine.decision_function(given[middle])[:, None], values[middle])
    chance = platt.predict_proba(machine.decision_function(given[newest])[:, None])[:, 1]
    return {**measures(chance, values[newest]), "seconds": time.perf_counter() - began}


def made_up(rows: int) -> pa.Table:
    """Leads by a seeded generator: a curve, levels, empty cells, and a mark that sales wrote when they knew."""
    rng = np.random.default_rng(1)
    minutes, source = rng.gamma(2, 10, rows), rng.integers(0, 12, rows)
    odds = -1 + 2 * np.exp(-(((minutes - 30) / 12) ** 2)) + np.linspace(-1, 1.2, 12)[source] + rng.normal(0, 0.5, rows)
    won = rng.random(rows) < 1 / (1 + np.exp(-odds))
    columns: dict[str, Any] = {
        "lead": np.arange(rows) + 1, "minutes": np.where(rng.random(rows) < 0.1, "", np.char.mod("%.1f", minutes)),
        "source": np.char.mod("source %d", source), "mark": np.where(won, "joined", rng.choice(["", "busy"], rows)),
        **{f"field {at}": np.char.mod("%d", rng.integers(0, 9, rows)) for at in range(20)}, "outcome": won.astype(int),
    }  # fmt: skip
    return pa.table({name: pa.array([str(one) for one in values]) for name, values in columns.items()})


if __name__ == "__main__":
    sys.exit(main())
