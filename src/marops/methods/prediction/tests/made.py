"""Tables of generated leads whose truth is known: what each column is, and how the outcome came about."""

import numpy as np
import pyarrow as pa

PLACES = np.array(["north", "south", "east", "west", "abroad", ""])


def leads(rows: int, seed: int = 1, base: float = 0.35) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Honest columns, what is known before the outcome in log-odds, and the outcome."""
    rng = np.random.default_rng(seed)
    visits = rng.poisson(4, rows).astype(float)
    place = rng.integers(0, len(PLACES), rows)
    odds = np.log(base / (1 - base)) + 0.45 * (visits - 4) + np.array([0.9, -0.6, 0.2, 0.0, -1.2, 0.4])[place]
    outcome = (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype(int)
    noise = rng.normal(size=rows)
    columns = {
        "visits": np.where(rng.random(rows) < 0.1, "", visits.astype(int).astype(str)),
        "place": PLACES[place],
        "noise": np.char.mod("%.2f", noise),
        "outcome": outcome.astype(str),
    }
    return columns, odds, outcome


def bell(outcome: np.ndarray, area: float, seed: int = 5) -> np.ndarray:
    """A number of two bell curves that alone ranks with this AUC, as texts."""
    from scipy.stats import norm

    rng = np.random.default_rng(seed)
    return np.char.mod("%.4f", rng.normal(size=len(outcome)) + norm.ppf(area) * np.sqrt(2) * outcome)


def as_table(columns: dict[str, np.ndarray]) -> pa.Table:
    """Texts, as they come from a file."""
    return pa.table({name: pa.array([str(one) for one in values], pa.string()) for name, values in columns.items()})
