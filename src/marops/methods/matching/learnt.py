"""What a table taught about comparing its records: kept, versioned, and used again for what comes later.

All of it is plain numbers and words, so that it can stand in a document that people read:

    {"share": 0.0003, "rows": 10452, "fields": {"given": [[0.81, 0.005], …, [0.05, 0.94]]},
     "often": {"given": {"anna": 0.011}}, "seldom": {"given": 0.0001}}

`fields`: for each degree of agreement, from equal to different, its share among pairs that are the same and among
others (the m and u of Fellegi and Sunter 1969). `often`: values that many have, with their share; `seldom`: the mean
share of all other values. `share`: of all pairs, those that are the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Degree = tuple[float, float]
FEWEST: Final = 5
"""A value that fewer have is not kept: it could tell who somebody is, and says no more than that it is rare."""
MOST: Final = 300


@dataclass(frozen=True, slots=True)
class Learnt:
    """See above; `fields`, `often` and `seldom` by the names of the plan's fields."""

    share: float
    rows: int
    fields: Mapping[str, Sequence[Degree]]
    often: Mapping[str, Mapping[str, float]]
    seldom: Mapping[str, float]

    def as_json(self) -> dict[str, Any]:
        """As it stands in a document, to seven digits."""
        return {
            "share": _short(self.share),
            "rows": self.rows,
            "fields": {name: [[_short(m), _short(u)] for m, u in each] for name, each in self.fields.items()},
            "often": {name: {value: _short(one) for value, one in each.items()} for name, each in self.often.items()},
            "seldom": {name: _short(one) for name, one in self.seldom.items()},
        }

    @staticmethod
    def of(document: Mapping[str, Any]) -> "Learnt":
        """The same, read back."""
        fields = {name: [(float(m), float(u)) for m, u in each] for name, each in document["fields"].items()}
        return Learnt(document["share"], document["rows"], fields, document["often"], document["seldom"])


def _short(number: float) -> float:
    return float(f"{number:.7g}")
