"""Writes the committed copy of the API's description: `uv run python tests/api/renew.py`.

Refuses to let go of an address, a field or an answer that programs may rely on, unless it is told `--break`.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

COPY = Path(__file__).with_name("openapi.json")


def present() -> dict[str, Any]:
    """The description as the code gives it now, without what changes with each version."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marops.site.settings")
    import django

    django.setup()
    import marops.site.urls  # noqa: F401  # mounts every router
    from marops.site.rest import description

    found: dict[str, Any] = json.loads(json.dumps(description(), default=str))
    found["info"]["version"] = "v1"
    return found


def promises(schema: Any, at: str = "") -> Iterator[str]:
    """Everything in a description that may not go: addresses, operations, fields, choices, answers, parameters."""
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name in ("description", "summary", "operationId", "tags", "title", "example"):
                continue
            yield f"{at}/{name}"
            yield from promises(value, f"{at}/{name}")
    elif isinstance(schema, list):
        for value in schema:
            # Lists of parameters and choices are known by what stands in them, not by their order.
            name = value.get("name", value.get("$ref", "")) if isinstance(value, dict) else value
            yield f"{at}[{name}]"
            yield from promises(value, f"{at}[{name}]")
    else:
        yield f"{at} = {schema}"


def gone(before: Any, after: Any) -> list[str]:
    """What the second no longer promises of the first. A field may become optional to send, never required."""
    lost = set(promises(before)) - set(promises(after))
    return sorted(one for one in lost if not _may_go(one))


def _may_go(one: str) -> bool:
    """Of a body: that a field had to be sent. Of anything: bounds and defaults, which the test of answers watches."""
    return any(part in one for part in ("/default", "/maxLength", "/minLength", "/maxItems", "/pattern", "/maximum"))


def main() -> None:
    """Compare, and write."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--break", dest="breaks", action="store_true", help="let go of what is gone")
    options = given.parse_args()
    now = present()
    lost = gone(json.loads(COPY.read_text()), now) if COPY.exists() else []
    if lost and not options.breaks:
        sys.exit("These promises would be broken; nothing was written:\n  " + "\n  ".join(lost))
    COPY.write_text(json.dumps(now, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
