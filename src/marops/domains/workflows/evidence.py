"""What the log a workflow was read off says of it, as long as the workflow is still the one that was read off."""

from typing import Any, Final

from marops.domains.workflows.models import LogDiscovery
from marops.domains.workflows.rules.answers import Evidence, read
from marops.kernel.definitions import find
from marops.kernel.errors import MaropsError

_BESIDE: Final = ("name", "lane", "note", "origin", "owner")
"""What may change in a step without changing how work goes through it."""


def evidence_of(slug: str, version: int) -> Evidence | None:
    """What was measured in the log; None where there is no log, or somebody changed how work goes since."""
    row = read_last(slug)
    if row is None or (row.version != version and _course(slug, row.version) != _course(slug, version)):
        return None
    return read(Evidence, row.found["measured"])


def changed_since(slug: str, version: int) -> str:
    """The log that measured how work went before somebody changed that; empty where there is none."""
    row = read_last(slug)
    return row.log.ref if row and evidence_of(slug, version) is None else ""


def read_last(slug: str) -> LogDiscovery | None:
    """The last time it was read off a log that was measured, and the log is still the one it names."""
    row = LogDiscovery.objects.filter(workflow=slug).select_related("log").order_by("-at").first()
    return row if row and row.found.get("measured") else None


def _course(slug: str, version: int) -> Any:
    """Steps and ways of a version, without what only people read."""
    try:
        document = find(f"workflow/{slug}@{version}").document
    except MaropsError:
        return version
    steps = [{key: value for key, value in one.items() if key not in _BESIDE} for one in document["steps"]]
    ways = [{key: value for key, value in one.items() if key != "origin"} for one in document.get("ways", ())]
    return steps, ways


def drift_of(slug: str) -> dict[str, Any] | None:
    """Whether the log that it was read off last changed in its course; None where nobody looked."""
    row = LogDiscovery.objects.filter(workflow=slug).select_related("log").order_by("-at").first()
    found: dict[str, Any] | None = row.found.get("drift") if row else None
    return found
