"""The fluid bound: how much work people can get through if it flows like water, and what one more hour is worth.

Work has no luck here and never waits for anything but hours, so no simulation gets through more in the long run. The
shadow prices of the linear programme say what would raise the bound (Kelly & Yudovina, Stochastic Networks, 2014, give
the background; the duals are those of any linear programme).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Window:
    """Work that can only be done at certain hours: these kinds of work, and so many hours of each person then."""

    work: tuple[int, ...]
    hours: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Fluid:
    """`factor`: how many times today's demand people could do in the long run; below 1 they cannot keep up (infinite
    where nobody has to do anything). `of_work`: rise of the factor for one more hour of work done at each kind of work.
    `of_person`: for one more hour of each person. `used`: share of each person's hours that the best plan takes.
    """

    factor: float
    of_work: Floats
    of_person: Floats
    used: Floats


def fluid(load: Floats, speed: Floats, capacity: Floats, windows: Sequence[Window] = ()) -> Fluid:
    """The largest multiple of `load` (hours of each kind of work that a month's demand brings) that people can do.

    `speed[w, p]`: how fast person p does work w, 0 not at all. `capacity[p]`: hours a month. Raises ValueError where
    some work has a load and nobody who could do it.
    """
    todo = np.flatnonzero(load > 0)
    if not len(todo):
        return Fluid(np.inf, np.zeros(len(load)), np.zeros(len(capacity)), np.zeros(len(capacity)))
    if len(idle := todo[~(speed[todo] > 0).any(axis=1)]):
        raise ValueError(f"nobody can do work {idle[0]}")
    work, person = np.nonzero((speed > 0) & (load > 0)[:, None])
    shares = len(work)
    place = np.full(len(load), -1)
    place[todo] = np.arange(len(todo))
    columns = np.arange(shares) + 1
    done = sparse.csr_matrix(
        (
            np.concatenate([load[todo], -speed[work, person]]),
            (np.concatenate([np.arange(len(todo)), place[work]]), np.concatenate([np.zeros(len(todo), int), columns])),
        ),
        shape=(len(todo), shares + 1),
    )
    spent = sparse.csr_matrix((np.ones(shares), (person, columns)), shape=(len(capacity), shares + 1))
    rows: list[Any] = [spent]
    limits = [capacity]
    for window in windows:
        rows.append(_within(window, work, person, shares))
        limits.append(np.array(window.hours))
    # The stubs of linprog leave out that it takes sparse matrices.
    within: Any = sparse.vstack(rows).tocsr()
    balance: Any = done
    answer = linprog(
        -np.eye(1, shares + 1).ravel(),
        A_ub=within,
        b_ub=np.concatenate(limits),
        A_eq=balance,
        b_eq=np.zeros(len(todo)),
        method="highs",
    )
    if answer.status != 0:
        raise ArithmeticError(answer.message)
    prices = -np.asarray(answer.ineqlin.marginals)
    of_work = np.zeros(len(load))
    of_work[todo] = -np.asarray(answer.eqlin.marginals)
    plan = np.asarray(answer.x, dtype=np.float64)
    used = spent @ plan / np.where(capacity > 0, capacity, 1.0)
    return Fluid(float(plan[0]), of_work, prices[: len(capacity)], used)


def _within(window: Window, work: NDArray[np.int64], person: NDArray[np.int64], shares: int) -> Any:
    """Each person's hours at this work are at most those they have in the window."""
    meant = np.flatnonzero(np.isin(work, window.work))
    shape = (len(window.hours), shares + 1)
    return sparse.csr_matrix((np.ones(len(meant)), (person[meant], meant + 1)), shape=shape)
