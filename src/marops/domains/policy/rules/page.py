"""The one page, generated from the table: what AI may do on its own, once a gate is passed, and never."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from marops.domains.policy.rules.cedar import BASE
from marops.domains.policy.rules.cover import Box, Cells, covered
from marops.domains.policy.rules.domain import DIMENSIONS, DISCLOSED, REVIEW, SHAPE
from marops.domains.policy.rules.gates import FREE, Gates, gates_of, least
from marops.domains.policy.rules.table import Table

Verdict = Literal["free", "gated", "never"]
HEADINGS = 12
"""So many lines a reader is asked to read; the rest stands under details."""
_BUILT_IN = frozenset(one.id for one in BASE)
_LAST = tuple(DIMENSIONS.index(one) for one in (REVIEW, DISCLOSED))


@dataclass(frozen=True, slots=True)
class Line:
    """One line: asks that all have the same answer, the least gates where some are needed, and the rules behind."""

    verdict: Verdict
    boxes: tuple[Box, ...]
    asks: int
    gates: tuple[Gates, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """The lines, the longest-reaching first in each verdict; `details` are those the page has no room for."""

    lines: tuple[Line, ...]
    details: tuple[Line, ...]
    asks: Mapping[str, int]

    def of(self, verdict: Verdict) -> list[Line]:
        """The lines of one verdict."""
        return [one for one in self.lines if one.verdict == verdict]


def page_of(table: Table) -> Page:
    """What a table says, as lines; every ask that is ever allowed stands in exactly the lines of its own gates."""
    masks = gates_of(table.allowed)
    reach = {name: _asks(bits) for name, bits in table.holds.items()}
    permits = {name: cells for name, cells in reach.items() if name in table.permits}
    found: list[Line] = []
    for mask in sorted(int(one) for one in np.unique(masks) if one):
        cells = masks == mask
        verdict: Verdict = "free" if mask & FREE else "gated"
        gates = () if mask & FREE else tuple(least(mask))
        for boxes in _together(covered(cells, list(permits.values()))):
            part: Cells = np.asarray(np.any([one.cells() for one in boxes], axis=0), bool)
            rules = tuple(name for name, reached in permits.items() if (reached & part).any())
            found.append(Line(verdict, boxes, int(part.sum()), gates, rules))
    found.sort(key=lambda one: -one.asks)
    never = _forbidden(table, masks == 0)
    room = min(len(never), HEADINGS // 2)
    shown = [*_chosen(found, HEADINGS - room), *never[:room]]
    counts = {"free": int((masks & FREE).astype(bool).sum()), "never": int((masks == 0).sum())}
    counts["gated"] = int(masks.size) - counts["free"] - counts["never"]
    return Page(tuple(shown), tuple(one for one in (*found, *never) if one not in shown), counts)


def _asks(bits: Cells) -> Cells:
    """The asks for which a rule's condition holds with some review and some word."""
    reached: Cells = np.asarray(bits.reshape(SHAPE).any(axis=_LAST), bool)
    return reached


def _together(boxes: Sequence[Box]) -> list[tuple[Box, ...]]:
    """Boxes of the same actions under one heading."""
    grouped: dict[object, list[Box]] = {}
    for box in boxes:
        grouped.setdefault(box.answers["action"], []).append(box)
    return [tuple(group) for group in grouped.values()]


def _chosen(lines: Sequence[Line], room: int) -> list[Line]:
    """The lines that fit, the further-reaching first, with at least one of each verdict; free ones stand first."""
    firsts = [next(one for one in lines if one.verdict == verdict) for verdict in ("free", "gated")
              if any(one.verdict == verdict for one in lines)]  # fmt: skip
    rest = [one for one in lines if one not in firsts][: max(0, room - len(firsts))]
    return sorted((*firsts, *rest), key=lambda one: (one.verdict != "free", -one.asks))


def _forbidden(table: Table, never: Cells) -> list[Line]:
    """What people forbade outright, each rule's reach as it is; what no rule allows is said by the page as a whole."""
    found = []
    for name, bits in table.holds.items():
        cells = bits.reshape(SHAPE).all(axis=_LAST) & never
        if name not in table.permits and name not in _BUILT_IN and cells.any():
            found.append(Line("never", tuple(covered(cells)), int(cells.sum()), (), (name,)))
    return sorted(found, key=lambda one: -one.asks)
