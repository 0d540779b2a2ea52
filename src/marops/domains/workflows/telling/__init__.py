"""A workflow, told: its answer in a sentence, its map, its steps as rows, the four ways to ask, options compared.

Everything but the workflow itself may be missing: nobody measured it yet, nobody asked for its bottleneck, nothing was
compared. Then the page says so and shows what there is.
"""

from marops.domains.workflows.telling.listing import ListRow, list_answer, list_row
from marops.domains.workflows.telling.told import OutlineRow, Results, Told, assumptions
from marops.domains.workflows.telling.words import CompareRow, cause_words, estimate_words, lead, touch_words

__all__ = [
    "CompareRow", "ListRow", "OutlineRow", "Results", "Told", "assumptions", "cause_words", "estimate_words", "lead",
    "list_answer", "list_row", "touch_words",
]  # fmt: skip
