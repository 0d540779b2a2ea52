"""Definitions as a folder of YAML files: one per definition, `kind/slug.yaml`, for review and for another workspace.

Export writes what is in force (the newest draft of what never was). Apply reads a whole folder, refuses it with every
fault named, or makes drafts of what differs; those pass the same validation, rights and gates as on the page.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel

from marops.kernel.actors import Actor
from marops.kernel.definitions import (
    CHANGE,
    Kind,
    activate,
    check_name,
    checked,
    digest,
    draft,
    kinds,
    load,
)
from marops.kernel.differences import Difference, differences
from marops.kernel.errors import INVALID, FieldError, MaropsError, problem
from marops.kernel.models import Definition
from marops.kernel.permissions import require
from marops.kernel.rules import AllOf, AnyOf, Leaf, NotOf, tag_of

LARGEST: Final = 4 * 1024 * 1024
VERSION_KEY: Final = "schema_version"
FOLDER_UNUSABLE = problem(
    "folder-unusable",
    "This folder cannot be used",
    status=400,
    remedy="Name a folder that exists and that you may read, or for an export one that you may write to.",
)
NOTHING_HERE = problem(
    "no-definitions",
    "There are no definitions in this folder",
    status=400,
    remedy="Definitions lie one level down, as kind/slug.yaml; `marops export DIR` writes such a folder.",
)
_CONDITION = AllOf | AnyOf | NotOf | Leaf
_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
State = Definition.State


# -- writing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Exported:
    """One file of an export, and whether it had to be written."""

    ref: str
    version: str
    file: str
    written: bool
    newer_draft: str | None = None

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "ref": self.ref,
            "version": self.version,
            "file": self.file,
            "written": self.written,
            "newer_draft": self.newer_draft,
        }


def export_to(folder: Path, *, actor: Actor) -> list[Exported]:
    """Write every definition into `folder`; files that already say the same are left alone, others there too.

    Raises MaropsError `folder-unusable`.
    """
    require(actor, CHANGE)
    try:
        return [_export(folder, row, newest) for row, newest in _present().values()]
    except OSError as error:
        raise MaropsError(FOLDER_UNUSABLE, f"{error.filename or folder}: {error.strerror}") from None


def _present() -> dict[str, tuple[Definition, Definition]]:
    """By name, what stands for each definition (in force, else the newest draft) and its newest version."""
    found: dict[str, tuple[Definition, Definition]] = {}
    rows = Definition.objects.exclude(state=State.RETIRED).filter(kind__in=kinds())
    for row in rows.order_by("kind", "slug", "version"):
        standing = found[row.ref][0] if row.ref in found else row
        found[row.ref] = (standing if standing.state == State.ACTIVE else row, row)
    return found


def _export(folder: Path, row: Definition, newest: Definition) -> Exported:
    file = f"{row.kind}/{row.slug}.yaml"
    path, text = folder / file, as_yaml(row)
    written = not path.is_file() or path.read_text(encoding="utf-8") != text
    if written:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    return Exported(row.ref, row.pinned, file, written, newest.pinned if newest.pk != row.pk else None)


def as_yaml(row: Definition) -> str:
    """A version as the text of its file: keys in the order of the schema, the version and digest as comments."""
    model = load(row)
    readable = _readable(model.model_dump(mode="json", by_alias=True, exclude_none=True), model)
    if VERSION_KEY not in type(model).model_fields:
        readable = {VERSION_KEY: kinds()[row.kind].schema_version} | readable
    standing = "in force" if row.state == State.ACTIVE else row.get_state_display().lower()
    head = [f"{kinds()[row.kind].title}: {row.pinned}, {standing}", f"sha256 {row.sha256}"]
    comments = "".join(f"# {line}\n" for line in [*head, *row.reason.splitlines()])
    return comments + yaml.dump(
        readable, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=False
    )


def _readable(plain: Any, typed: Any) -> Any:
    """The document in a steady order, with decimals as the numbers people write.

    The database does not keep the order of keys: those of a schema come back in the schema's, others by name. A
    decimal becomes a number only where reading that number gives the same decimal again.
    """
    if isinstance(plain, dict) and isinstance(typed, BaseModel):
        inner = {info.alias or name: getattr(typed, name) for name, info in type(typed).model_fields.items()}
        keys = sorted(plain, key=lambda key: key != _leading(typed))
        return {key: _readable(plain[key], inner.get(key)) for key in keys}
    if isinstance(plain, dict):
        values = typed if isinstance(typed, Mapping) else {}
        return {key: _readable(value, values.get(key)) for key, value in sorted(plain.items())}
    if isinstance(plain, list) and isinstance(typed, list | tuple):
        return [_readable(value, inner) for value, inner in zip(plain, typed, strict=True)]
    if isinstance(plain, list) and isinstance(typed, set | frozenset):
        return sorted(plain, key=str)
    if isinstance(typed, Decimal):
        number = yaml.load(plain, Loader=_Loader)  # noqa: S506  # a subclass of the safe loader
        return number if isinstance(number, int | float) and str(number) == plain else plain
    return plain


def _leading(model: BaseModel) -> str | None:
    """The key that a reader looks for first: the one that says what a condition is about."""
    return tag_of(model) if isinstance(model, _CONDITION) else None


class _Dumper(yaml.SafeDumper):
    """Short lists and mappings of plain values on one line, texts of several lines as such, no anchors."""

    def represent(self, data: Any) -> None:
        root = self.represent_data(data)
        root.flow_style = False  # type: ignore[attr-defined]  # a mapping's node has it
        self.serialize(root)

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> Any:
        return super().represent_sequence(tag, sequence, flow_style=_fits(sequence))

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> Any:
        fits = len(mapping) <= 4 and _fits([*mapping.keys(), *mapping.values()])
        return super().represent_mapping(tag, mapping, flow_style=fits)


def _fits(values: Sequence[Any]) -> bool:
    plain = not any(isinstance(value, dict | list) or "\n" in str(value) for value in values)
    return plain and sum(len(str(value)) + 2 for value in values) <= 90


# Line ends to YAML, but not to people: they stand escaped.
_ODD_BREAKS = re.compile("[\r\x85\u2028\u2029]")


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if "\n" in text and not re.search(r"[^\S\n]\n|\A\s", text):
        style = "|"
    if _ODD_BREAKS.search(text):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


# -- reading ---------------------------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """YAML with the plain types of JSON: NO is a country, 08 a text, 2026-01-31 a text; no anchors, no key twice."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "anchors are not used here", self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen: set[Any] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is a plain word", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"(?:true|false)$", "tf"),
    ("null", r"(?:null|~|)$", ["n", "~", ""]),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?$", "-+0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


@dataclass(frozen=True, slots=True)
class Found:
    """A definition as its file has it: validated, in the form in which it would be kept."""

    kind: str
    slug: str
    file: str
    document: dict[str, Any]

    @property
    def ref(self) -> str:
        """Its name, `kind/slug`."""
        return f"{self.kind}/{self.slug}"


def read_folder(folder: Path) -> list[Found]:
    """Every definition in the folder. Raises MaropsError with every fault of every file, or for a useless folder."""
    if not folder.is_dir():
        raise MaropsError(FOLDER_UNUSABLE, f"{folder} is not a folder.")
    found: list[Found] = []
    faults: list[FieldError] = []
    try:
        for path in _files(folder):
            try:
                found.append(_read(folder, path))
            except MaropsError as error:
                faults += _located(error, path.relative_to(folder).as_posix())
    except OSError as error:
        raise MaropsError(FOLDER_UNUSABLE, f"{error.filename or folder}: {error.strerror}") from None
    if faults:
        raise MaropsError(INVALID, "The folder has faults; nothing was applied.", errors=faults)
    if not found:
        raise MaropsError(NOTHING_HERE, str(folder))
    return found


def _files(folder: Path) -> Iterator[Path]:
    for inner in sorted(folder.iterdir()):
        if inner.is_dir() and not inner.name.startswith("."):
            yield from sorted(
                path for path in inner.iterdir() if path.suffix in (".yaml", ".yml") and not path.name.startswith(".")
            )


def _read(folder: Path, path: Path) -> Found:
    kind, slug = path.parent.name, path.stem
    if kind not in kinds():
        raise _fault("kind", f"There is no kind {kind!r}.", f"The folders are called {', '.join(kinds())}.")
    if path.suffix != ".yaml" or not _SLUG.fullmatch(slug):
        raise _fault(
            "slug", f"{path.name!r} names no definition.", "Use small letters, digits and hyphens, then .yaml."
        )
    check_name(kind, slug)
    if path.stat().st_size > LARGEST:
        raise _fault("too-large", "The file is larger than 4 MiB.", "Split the definition.")
    return Found(kind, slug, path.relative_to(folder).as_posix(), _checked(kinds()[kind], _parsed(path)))


def _parsed(path: Path) -> dict[str, Any]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)  # noqa: S506  # a safe loader
    except UnicodeDecodeError:
        raise _fault("encoding", "The file is not UTF-8.", "Save it as UTF-8.") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise _fault("yaml", f"{where}{error.problem or error.context}.", "Put the YAML right.") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise _fault("yaml", f"{str(error).splitlines()[0]}.", "Put the YAML right.") from None
    if not isinstance(document, dict):
        raise _fault("yaml", "A definition is a mapping of keys to values.", "Write `key: value` lines.")
    return document


def _checked(kind: Kind, document: dict[str, Any]) -> dict[str, Any]:
    """The document as it would be kept; files of older schema versions are brought up to date."""
    version: Any = kind.schema_version
    if VERSION_KEY not in kind.model.model_fields:
        version = document.pop(VERSION_KEY, version)
    if not isinstance(version, int) or not 1 <= version <= kind.schema_version:
        raise _fault(
            "schema",
            f"This Marops reads versions 1 to {kind.schema_version} of the schema, not {version}.",
            "Upgrade Marops, or export the definition from the version you run.",
            pointer=f"/{VERSION_KEY}",
        )
    for older in range(version, kind.schema_version):
        document = kind.upcasters[older](document)
    return checked(kind.name, document)


def _fault(code: str, message: str, remedy: str, *, pointer: str = "") -> MaropsError:
    return MaropsError(INVALID, message, errors=[FieldError(code, message, remedy, pointer=pointer)])


def _located(error: MaropsError, file: str) -> list[FieldError]:
    """The faults with the file in front of their pointer: `score/main.yaml#/fit/cap`."""
    faults = list(error.errors) or [FieldError(error.code, str(error))]
    return [
        replace(fault, pointer=f"{file}#{fault.pointer}", remedy=fault.remedy or "Correct this value in the file.")
        for fault in faults
    ]


# -- applying --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """What applying the folder means for one definition, and, once done, what came of it.

    `change` is new, changed, unchanged or absent (not in the folder, left alone); `outcome` is none, draft, active
    or refused; `against` is the version compared with, `version` the one that now holds the file's words.
    """

    ref: str
    change: str
    file: str | None = None
    against: str | None = None
    state: str | None = None
    differences: tuple[Difference, ...] = ()
    outcome: str = "none"
    version: str | None = None
    problem: MaropsError | None = None
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "ref": self.ref,
            "file": self.file,
            "change": self.change,
            "against": self.against,
            "state": self.state,
            "differences": [one.as_json() for one in self.differences],
            "outcome": self.outcome,
            "version": self.version,
            "problem": self.problem.as_json() if self.problem else None,
        }


def plan(found: Sequence[Found]) -> list[Step]:
    """What applying these files would change, and which definitions they do not mention. Writes nothing."""
    present = _present()
    steps = [_step(one, present.get(one.ref)) for one in found]
    named = {one.ref for one in found}
    absent = [
        Step(ref, "absent", against=row.pinned, state=row.state)
        for ref, (row, _) in present.items()
        if ref not in named
    ]
    return steps + absent


def _step(found: Found, present: tuple[Definition, Definition] | None) -> Step:
    if present is None:
        return Step(found.ref, "new", found.file, document=found.document)
    standing, newest = present
    for row in (standing, newest):
        if digest(_kept(row)) == digest(found.document):
            return Step(found.ref, "unchanged", found.file, row.pinned, row.state, version=row.pinned)
    changes = tuple(differences(_kept(standing), found.document))
    return Step(found.ref, "changed", found.file, standing.pinned, standing.state, changes, document=found.document)


def _kept(row: Definition) -> dict[str, Any]:
    """The document in today's schema."""
    document: dict[str, Any] = load(row).model_dump(mode="json", by_alias=True, exclude_none=True)
    return document


def apply(
    found: Sequence[Found],
    *,
    actor: Actor,
    put_in_force: bool = False,
    reason: str = "",
    watch: Callable[[Step], None] = lambda _: None,
) -> list[Step]:
    """Make drafts of what differs and, if asked and permitted, put them in force. Each is an act of its own.

    What a gate or four eyes refuses stays a draft, and its step names the problem. Raises MaropsError `not-allowed`
    where the actor may not even draft.
    """
    require(actor, CHANGE)
    done = []
    for step in plan(found):
        done.append(_apply(step, actor, put_in_force=put_in_force, reason=reason))
        watch(done[-1])
    return done


def _apply(step: Step, actor: Actor, *, put_in_force: bool, reason: str) -> Step:
    if step.change in ("new", "changed"):
        kind, slug = step.ref.split("/")
        row = draft(actor=actor, kind=kind, slug=slug, document=step.document, reason=reason)
        step = replace(step, outcome="draft", version=row.pinned, state=row.state)
    if not put_in_force or step.version is None or step.state == State.ACTIVE:
        return step
    try:
        row = activate(actor=actor, ref=step.version, comment=reason)
    except MaropsError as error:
        return replace(step, outcome="refused", problem=error)
    return replace(step, outcome="active", version=row.pinned, state=row.state)
