"""The bundles of `ui/`, found by the manifest that their build writes."""

import json
from functools import cache
from pathlib import Path

from django.conf import settings
from django.templatetags.static import static

_DIST = Path(__file__).resolve().parent.parent / "static" / "dist"


def bundle(name: str) -> str:
    """The address of a bundle such as `marops.css`; empty when the interface was not built, so pages do without."""
    if settings.DEBUG:
        _files.cache_clear()
    file = _files().get(name)
    return static(f"dist/{file}") if file else ""


@cache
def _files() -> dict[str, str]:
    manifest = _DIST / "manifest.json"
    if not manifest.is_file():
        return {}
    return {name: entry["file"] for name, entry in json.loads(manifest.read_text(encoding="utf-8"))["files"].items()}
