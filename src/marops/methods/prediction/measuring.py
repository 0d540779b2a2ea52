"""How good probabilities are: rank, calibration and lift, with what chance alone would give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from scipy.stats import rankdata

from marops.methods.intervals import Z95, wilson
from marops.methods.prediction.reading import Codes, Floats

BINS: Final = 10
"""The calibration error is measured over so many groups of equal size."""


def measures(chance: Floats, outcome: Codes) -> dict[str, Any]:
    """All that is told of a model on rows with known outcomes; None where rows are too few to say."""
    rows, yes = len(outcome), int(outcome.sum())
    both = 0 < yes < rows
    area, low, high = area_under(chance, outcome) if both else (None, None, None)
    told: dict[str, Any] = {"rows": rows, "yes": yes, "auc": area, "auc_low": low, "auc_high": high}
    told["pr_auc"] = average_precision(chance, outcome) if both else None
    told["brier"] = float(np.mean((chance - outcome) ** 2)) if rows else None
    told["ece"] = calibration_error(chance, outcome) if rows else None
    told["ece_by_chance"] = error_by_chance(chance) if rows else None
    for share in (10, 20):
        told[f"lift_{share}"], told[f"captured_{share}"] = lift(chance, outcome, share / 100) if yes else (None, None)
    told["predicted"] = float(chance.mean()) if rows else None
    told["observed"] = yes / rows if rows else None
    told["reliability"] = list(reliability(chance, outcome)) if rows else []
    return told


def area_under(chance: Floats, outcome: Codes) -> tuple[float, float, float]:
    """The share of pairs (one yes, one no) in the right order, ties half, with 95 per cent (DeLong 1988)."""
    hit, miss = chance[outcome == 1], chance[outcome == 0]
    m, n = len(hit), len(miss)
    together = rankdata(np.concatenate([hit, miss]))
    area = float((together[:m].sum() - m * (m + 1) / 2) / (m * n))
    above = (together[:m] - rankdata(hit)) / n
    below = 1 - (together[m:] - rankdata(miss)) / m
    spread = (above.var(ddof=1) / m if m > 1 else 0.25) + (below.var(ddof=1) / n if n > 1 else 0.25)
    around = Z95 * float(np.sqrt(spread))
    return area, max(0.0, area - around), min(1.0, area + around)


def areas_apart(one: Floats, other: Floats, outcome: Codes) -> tuple[float, float, float]:
    """How much more area the first ranking has than the second of the same rows, with 95 per cent (DeLong, paired)."""
    parts = []
    for ranked in (one, other):
        hit, miss = ranked[outcome == 1], ranked[outcome == 0]
        together = rankdata(np.concatenate([hit, miss]))
        above = (together[: len(hit)] - rankdata(hit)) / len(miss)
        below = 1 - (together[len(hit) :] - rankdata(miss)) / len(hit)
        parts.append((above, below))
    above, below = (first - second for first, second in zip(*parts, strict=True))
    apart = float(above.mean())
    spread = sum(diff.var(ddof=1) / len(diff) if len(diff) > 1 else 0.25 for diff in (above, below))
    around = Z95 * float(np.sqrt(spread))
    return apart, apart - around, apart + around


def average_precision(chance: Floats, outcome: Codes) -> float:
    """The area under precision by recall, in steps; rows of equal chance count together."""
    falling = np.argsort(-chance, kind="stable")
    hits = np.cumsum(outcome[falling])
    last = np.append(np.diff(chance[falling]) != 0, True)
    found, looked = hits[last], np.flatnonzero(last) + 1
    return float(np.sum(np.diff(found, prepend=0) * found / looked) / hits[-1])


def calibration_error(chance: Floats, outcome: Codes) -> float:
    """The mean distance of foretold and seen share over ten groups of equal size (expected calibration error)."""
    return float(
        sum(len(rows) / len(chance) * abs(chance[rows].mean() - outcome[rows].mean()) for rows in _groups(chance))
    )


def error_by_chance(chance: Floats) -> float:
    """The calibration error that perfectly calibrated probabilities would show on so many rows."""
    size = len(chance)
    spreads = (
        len(rows) / size * np.sqrt(np.sum(chance[rows] * (1 - chance[rows]))) / len(rows) for rows in _groups(chance)
    )
    return float(np.sqrt(2 / np.pi) * sum(spreads))


def lift(chance: Floats, outcome: Codes, share: float) -> tuple[float, float]:
    """Of the best so large a share: how many times the usual rate, and the share of all yes that is among them."""
    top = np.argsort(-chance, kind="stable")[: max(1, round(len(chance) * share))]
    return float(outcome[top].mean() / outcome.mean()), float(outcome[top].sum() / outcome.sum())


def reliability(chance: Floats, outcome: Codes) -> Iterator[dict[str, Any]]:
    """Group by group: what was foretold, and what was seen with 95 per cent."""
    for rows in _groups(chance):
        seen = float(outcome[rows].mean())
        low, high = wilson(seen, len(rows))
        yield {
            "from": float(chance[rows].min()), "to": float(chance[rows].max()), "rows": len(rows),
            "predicted": float(chance[rows].mean()), "observed": seen, "low": low, "high": high,
        }  # fmt: skip


def _groups(chance: Floats) -> list[Codes]:
    return [rows for rows in np.array_split(np.argsort(chance, kind="stable"), BINS) if len(rows)]
