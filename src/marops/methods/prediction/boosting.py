"""Training: one table of points per field, by boosting or, with few rows, field by field; calibration on later rows.

Boosting is the explainable boosting machine of interpret-core without pairs of fields. Its library takes seconds to
load and is loaded here alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from scipy.optimize import minimize

from marops.methods.prediction.fields import EMPTY_LEVEL, RARE_LEVEL, Ready
from marops.methods.prediction.model import Calibration, Term, pieces
from marops.methods.prediction.reading import Codes, Floats

SEED: Final = 1
MOST_ROWS: Final = 200_000
"""Of more rows an even sample is trained on."""
_BAGS, _BINS, _SIMPLE_BINS, _SIMPLE_PRIOR = 8, 64, 8, 20.0
_MOST_KNOTS, _ROWS_A_KNOT, _FLATTEST = 5, 100, 0.05


def boosted(fields: Sequence[Ready], outcome: Codes, rows: Codes) -> tuple[float, list[Term]]:
    """Intercept and terms of an explainable boosting machine trained on these rows; the same rows give the same."""
    from interpret.glassbox import ExplainableBoostingClassifier

    rows = rows[np.linspace(0, len(rows) - 1, MOST_ROWS).astype(np.int64)] if len(rows) > MOST_ROWS else rows
    table = np.column_stack(
        [(field.codes if field.numbers is None else field.numbers)[rows].astype(float) for field in fields]
    )
    machine = ExplainableBoostingClassifier(
        feature_types=["nominal" if field.numbers is None else "continuous" for field in fields],
        feature_names=[f"field {at}" for at in range(len(fields))],
        interactions=0, random_state=SEED, n_jobs=1, outer_bags=_BAGS, max_bins=_BINS,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        machine.fit(table, outcome[rows])
    terms = []
    for features, points, weights in zip(
        machine.term_features_, machine.term_scores_, machine.bin_weights_, strict=True
    ):
        (at,) = features
        terms.append(_term(fields[at], machine.bins_[at][0], np.asarray(points, dtype=float), weights))
    return float(machine.intercept_[0]), terms


def tables(fields: Sequence[Ready], outcome: Codes, rows: Codes) -> tuple[float, list[Term]]:
    """Intercept and terms of each field by itself (naive Bayes): what few rows bear, and what boosting is held against.

    Rates are drawn towards the usual one as by twenty rows.
    """
    usual = float(outcome[rows].mean())
    terms = []
    for field in fields:
        codes, cuts = field.binned(rows, _SIMPLE_BINS)
        size = len(cuts) + 2 if field.numbers is not None else len(field.levels) + 2
        count = np.bincount(codes[rows], minlength=size).astype(float)
        rate = (np.bincount(codes[rows], weights=outcome[rows], minlength=size) + _SIMPLE_PRIOR * usual) / (
            count + _SIMPLE_PRIOR
        )
        points = np.log(rate / (1 - rate)) - np.log(usual / (1 - usual))
        points -= np.average(points, weights=count)
        points[count == 0] = 0
        bins = cuts if field.numbers is not None else {str(code): code for code in range(size)}
        terms.append(_term(field, bins, points, count))
    return float(np.log(usual / (1 - usual))), terms


def calibrated(points: Floats, outcome: Codes) -> Calibration:
    """A rising line with up to five bends, fitted on rows that were not trained on.

    Neighbouring slopes are drawn towards each other and all to 1, so that few rows change little.
    """
    if not len(points):
        return Calibration()
    shares = np.linspace(0, 1, min(_MOST_KNOTS, max(1, len(points) // _ROWS_A_KNOT)) + 2)[1:-1]
    knots = np.unique(np.quantile(points, shares))
    parts = pieces(points, knots)

    def loss(at: Floats) -> tuple[float, Floats]:
        odds = at[0] + parts @ at[1:]
        off = 1 / (1 + np.exp(-odds)) - outcome
        bends, strayed = np.diff(at[1:]), at[1:] - 1
        slope = np.concatenate([[off.sum()], parts.T @ off + 2 * strayed / len(strayed)])
        slope[1:-1] -= 2 * bends
        slope[2:] += 2 * bends
        cost = np.sum(np.logaddexp(0, odds) - outcome * odds) + bends @ bends + np.mean(strayed**2)
        return float(cost), slope

    start, bounds = np.append(knots[0], np.ones(len(knots) + 1)), [(-20, 20), *[(_FLATTEST, 10)] * (len(knots) + 1)]
    found: Any = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    base, *slopes = (float(value) for value in found.x)
    return Calibration(base=base, knots=tuple(knots.tolist()), slopes=tuple(slopes), rows=len(points))


def _term(field: Ready, bins: Any, points: Floats, weights: Any) -> Term:
    """`points` begin with those of an empty cell; `bins`: the cuts of a number, or the place of each level's code."""
    counted = np.asarray(weights, dtype=float)
    weight = float(np.sum(np.abs(points) * counted) / max(counted.sum(), 1.0))
    if field.numbers is not None:
        edges, inside = _merged(np.asarray(bins, dtype=float), points[1 : len(bins) + 2])
        empty = float(points[0]) if counted[0] else 0.0
        return Term(
            field=field.name,
            kind="number",
            decimal=field.decimal,
            edges=edges,
            points=inside,
            empty=empty,
            weight=weight,
        )
    of_code = {int(float(code)): float(points[place]) if counted[place] else 0.0 for code, place in bins.items()}
    rare = of_code.get(RARE_LEVEL, 0.0)
    if rare:  # a motley crowd that stands for all that will be new: drawn towards the average
        seen = float(counted[bins[next(code for code in bins if int(float(code)) == RARE_LEVEL)]])
        rare *= seen / (seen + _SIMPLE_PRIOR)
    levels = {level: of_code.get(code, 0.0) for code, level in enumerate(field.levels, 2)}
    return Term(
        field=field.name, kind=field.kind, levels=levels, labels=field.labels if field.kind == "category" else {},
        other=rare, empty=of_code.get(EMPTY_LEVEL, 0.0), weight=weight,
    )  # fmt: skip


def _merged(edges: Floats, points: Floats) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Neighbouring bins of the same points are one."""
    kept = np.flatnonzero(np.diff(points) != 0)
    return tuple(edges[kept].tolist()), tuple(points[np.append(kept, len(points) - 1)].tolist())
