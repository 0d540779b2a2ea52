"""Writes the parts of the reference that the code knows best, between the markers of each page.

`uv run python docs/refresh.py` after a new command, problem, fact or right; a test says when it is due.
"""

import importlib
import os
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
REFERENCE, DECISIONS = DOCS / "reference", DOCS / "decisions"
_MARKED = re.compile(r"(?s)(<!-- written by docs/refresh.py -->\n).*?(<!-- end -->)")


def pages() -> Mapping[Path, str]:
    """Every page with a written part, as it ought to be."""
    _load_everything()
    parts: dict[Path, Callable[[], str]] = {
        REFERENCE / "cli.md": _commands,
        REFERENCE / "problems.md": _problems,
        REFERENCE / "facts.md": _facts,
        REFERENCE / "rights.md": _rights,
        REFERENCE / "rest.md": _addresses,
        REFERENCE / "metrics.md": _metrics,
        DECISIONS / "README.md": _decisions,
        DOCS / "README.md": _index,
    }
    return {path: _filled(path, write()) for path, write in parts.items()}


def _filled(path: Path, part: str) -> str:
    text, found = _MARKED.subn(lambda match: f"{match[1]}{part}\n{match[2]}", path.read_text(encoding="utf-8"))
    if found != 1:
        raise ValueError(f"{path} needs its markers once, it has them {found} times")
    return text


def _load_everything() -> None:
    """Problems, facts and rights register themselves when their module is imported."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marops.site.settings")
    import django

    django.setup()
    import marops

    for module in pkgutil.walk_packages(marops.__path__, "marops."):
        if not re.search(r"\.(tests|migrations|__main__)\b|\.postgres\.(launch|reaper)$|\.wsgi$", module.name):
            importlib.import_module(module.name)


def _commands() -> str:
    import typer.main

    from marops.cli import main

    main._load_commands()
    root: Any = typer.main.get_command(main.app)
    lines = ["## marops", "", "Options that every command takes, written before its name:", "", *_options(root), ""]
    for name, command in _flat(root, "marops"):
        usage = " ".join([name, *(_usage(parameter) for parameter in command.params)])
        lines += [f"## {name}", "", f"`{usage}`", "", *_paragraphs(command.help), ""]
        lines += [*_options(command), ""] if command.params else []
    return "\n".join(lines).rstrip()


def _flat(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, command in sorted(group.commands.items()):
        if command.hidden:
            continue
        if hasattr(command, "commands"):
            yield from _flat(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _usage(parameter: Any) -> str:
    word = max(parameter.opts, key=len)
    if parameter.param_type_name == "argument":
        return parameter.name.upper() if parameter.required else f"[{parameter.name.upper()}]"
    return f"[{word}]" if parameter.is_flag else f"[{word} {parameter.name.upper()}]"


def _options(command: Any) -> list[str]:
    lines = ["| | |", "| --- | --- |"]
    for parameter in command.params:
        names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
        if parameter.param_type_name == "argument":
            names = f"`{parameter.name.upper()}`"
        default = "" if _says_nothing(parameter.default) else f" Default: `{parameter.default}`."
        lines.append(f"| {names} | {_cell((parameter.help or '') + default)} |")
    return lines


def _says_nothing(default: Any) -> bool:
    return default in (None, "", False) or callable(default) or type(default).__name__ == "Sentinel"


def _paragraphs(text: str | None) -> list[str]:
    return [" ".join(part.split()) for part in (text or "").split("\n\n")]


def _problems() -> str:
    from marops.kernel.errors import problem_kinds

    rows = [
        f"| `{kind.code}` | {kind.status} | {kind.title} | {_cell(kind.remedy)} |" for kind in problem_kinds().values()
    ]
    return "\n".join(["| code | status | what happened | what to do |", "| --- | --- | --- | --- |", *rows])


def _facts() -> str:
    from marops.kernel.facts import fact_kinds

    rows = [f"| `{kind.name}` | {_cell(kind.says)} |" for kind in fact_kinds().values()]
    return "\n".join(["| kind | in words |", "| --- | --- |", *rows])


def _rights() -> str:
    from marops.kernel.permissions import rights

    rows = [
        f"| `{right.name}` | {_cell(str(right.says))} | {'own, team, unit, all' if right.scoped else 'all'} |"
        for right in rights().values()
    ]
    return "\n".join(["| right | lets a person | scopes |", "| --- | --- | --- |", *rows])


def _metrics() -> str:
    from marops.engine.measuring import span_of
    from marops.kernel.metrics import METRICS

    lines = []
    for metric in METRICS.all().values():
        time = "as it stands" if metric.level else f"over {span_of(metric)} days"
        split = ", ".join(f"`{field}`" for field in (*metric.by, *([metric.split] if metric.split else [])))
        lines += [
            f"### {metric.label}",
            "",
            f"`{metric.name}`, version {metric.version}. {metric.description}",
            "",
            f"- Clock: {metric.clock}",
            f"- Headline: {metric.unit}, {time}{f'; said from {metric.min_n} rows on' if metric.min_n else ''}.",
            f"- Answered for by: `{metric.owner}`.",
            *([f"- Split by: {split}."] if split else []),
            "",
        ]
    return "\n".join(lines).rstrip()


def _addresses() -> str:
    from django.urls import get_resolver

    assert get_resolver().url_patterns  # noqa: S101  # mounts the domains' routers
    from marops.site.rest import api

    lines = ["| | | |", "| --- | --- | --- |"]
    for path, operations in sorted(api.get_openapi_schema()["paths"].items()):
        for method, operation in operations.items():
            says = (operation.get("description") or operation["summary"]).strip().splitlines()[0]
            lines.append(f"| {method.upper()} | `{path}` | {_cell(says)} |")
    return "\n".join(lines)


def _decisions() -> str:
    lines = []
    for path in sorted(DECISIONS.glob("[0-9]*.md")):
        title = path.read_text(encoding="utf-8").splitlines()[0].lstrip("# ")
        number, _, words = title.partition(". ")
        lines.append(f"- {number}: [{words}]({path.name})")
    return "\n".join(lines)


def _index() -> str:
    lines = []
    for folder, title in (("guide", "Guides"), ("reference", "Reference")):
        pages = sorted((DOCS / folder).glob("*.md"), key=lambda page: _title(page).lower())
        lines += [f"## {title}", "", *(f"- [{_title(page)}]({folder}/{page.name})" for page in pages), ""]
    return "\n".join(lines).rstrip()


def _title(page: Path) -> str:
    return page.read_text(encoding="utf-8").splitlines()[0].lstrip("# ")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    for page, text in pages().items():
        if page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
            print(f"written: {page.relative_to(Path.cwd()) if page.is_relative_to(Path.cwd()) else page}")
