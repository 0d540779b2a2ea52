"""What the command line may use of the AI that helps."""

import sys
from pathlib import Path
from typing import Any

from marops.connectors.assistant.actions import SHOWN, remove, set_up
from marops.connectors.assistant.forms import DraftForm, ProviderForm, WordsForm, values_of
from marops.connectors.assistant.jobs import at_hand
from marops.connectors.assistant.queries import NOBODY, in_use, provider, uses_in_force
from marops.connectors.assistant.reading import Seen
from marops.connectors.assistant.uses import propose_entries
from marops.domains.capture.public import may_import, plan_import
from marops.domains.policy.public import draft as draft_of_ai
from marops.kernel import files
from marops.kernel.actors import Actor
from marops.kernel.definitions import CHANGE, find
from marops.kernel.errors import INVALID, NOT_ALLOWED, MaropsError
from marops.kernel.forms import validated
from marops.kernel.jobs import run_here, start_job
from marops.kernel.permissions import require

__all__ = [
    "NOBODY",
    "ProviderForm",
    "ask_here",
    "in_use_json",
    "propose_entries",
    "provider_json",
    "remove",
    "set_up",
    "values_of",
]
COMMAND = Actor("system", "cli")
"""Whoever runs a command says for whom the AI is asked, and is not that person."""
_DATA = ("none", "internal", "contact", "behaviour", "confidential", "special")


def provider_json() -> dict[str, Any]:
    """The AI that helps, without its key; empty while there is none."""
    one = provider()
    return {name: getattr(one, name) for name in SHOWN} | {"has_key": bool(one.key)} if one else {}


def in_use_json() -> list[str]:
    """For which kinds of help the register names it."""
    return sorted(uses_in_force())


def ask_here(actor: Actor, name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Ask for one kind of help in this process, on behalf of this person, and answer what came of it.

    Raises MaropsError as the question does.
    """
    in_use()
    arguments = _ARGUMENTS[name](actor, given) | {"for": actor.id}
    text = arguments.pop("text", None)
    job = start_job(f"assistant.{name}", arguments, actor=COMMAND, here=True)
    with at_hand(job.id, text):
        job = run_here(job.id)
    return _SAID[name](actor, dict(job.result or {}), given)


def _draft(actor: Actor, given: dict[str, Any]) -> dict[str, Any]:
    require(actor, CHANGE)
    return {key: str(value) for key, value in validated(DraftForm, given).items()}


def _words(actor: Actor, given: dict[str, Any]) -> dict[str, Any]:
    require(actor, CHANGE)
    return {key: str(value) for key, value in validated(WordsForm, given).items()}


def _columns(actor: Actor, given: dict[str, Any]) -> dict[str, Any]:
    path: Path = given["path"]
    if not path.is_file():
        raise MaropsError(INVALID, f"There is no file {path}.")
    plan = plan_import(path, name=path.name, table=given["table"])
    if (plan.table or "leads") not in may_import(actor):
        raise MaropsError(NOT_ALLOWED)
    given["plan"] = plan
    with path.open("rb") as source:
        row = files.keep(iter(lambda: source.read(1 << 20), b""), name=path.name, actor=actor)
    return {"file": str(row.id), "table": plan.table or "leads"}


def _summary(actor: Actor, given: dict[str, Any]) -> dict[str, Any]:
    what, data = str(given["what"]), str(given["data"])
    if data not in _DATA:
        raise MaropsError(INVALID, f"What it tells of is one of {', '.join(_DATA)}.")
    if what.startswith("/") and not Path(what).exists():
        return {"page": what}
    if what == "-":
        text, title = sys.stdin.read(), "standard input"
    else:
        path = Path(what)
        if not path.is_file():
            raise MaropsError(INVALID, f"There is no file {path}.")
        text, title = path.read_text(encoding="utf-8-sig", errors="replace"), path.name
    if not text.strip():
        raise MaropsError(INVALID, "There is nothing to summarise.")
    return {"text": Seen("", title, text.replace("\x00", ""), (data,))}


_ARGUMENTS = {"draft": _draft, "words": _words, "columns": _columns, "summary": _summary}


def _definition(_actor: Actor, came: dict[str, Any], _given: dict[str, Any]) -> dict[str, Any]:
    return came | {"document": find(came["definition"]).document}


def _mapping(_actor: Actor, came: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    named = dict(str(line).split("=", 1) for line in came.pop("columns"))
    columns = given["plan"].columns
    return came | {"columns": {columns[int(name[1:])].name: target for name, target in named.items()}}


def _text(actor: Actor, came: dict[str, Any], _given: dict[str, Any]) -> dict[str, Any]:
    return came | {"text": draft_of_ai(actor, came["draft"])["content"]["text"]}


_SAID = {"draft": _definition, "words": _definition, "columns": _mapping, "summary": _text}
