"""The source as the architecture tests see it: every module that ships, parsed once."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "marops"
DOMAINS = PACKAGE / "domains"


@dataclass(frozen=True)
class Module:
    """One shipped module."""

    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def where(self) -> str:
        """As people name it: `domains/routing/actions.py`."""
        return self.path.relative_to(PACKAGE).as_posix()

    @property
    def name(self) -> str:
        parts = self.path.relative_to(PACKAGE.parent).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def domain(self) -> str | None:
        """The domain it belongs to, if any."""
        parts = self.path.relative_to(PACKAGE).parts
        return parts[1] if parts[0] == "domains" and len(parts) > 2 else None

    def imports(self) -> Iterator[tuple[str, int]]:
        """Every module it names in an import, with the line; `from a import b` counts as a.b."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)

    def functions(self) -> Iterator[ast.FunctionDef]:
        """Every function and method, also nested ones."""
        yield from (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef))


@cache
def modules() -> tuple[Module, ...]:
    """Everything that ships, without tests and migrations."""
    return tuple(
        Module(path)
        for path in sorted(PACKAGE.rglob("*.py"))
        if not {"tests", "migrations", "__pycache__"} & set(path.parts)
    )


@cache
def domains() -> tuple[str, ...]:
    """The domains that exist."""
    return tuple(sorted(path.name for path in DOMAINS.iterdir() if (path / "apps.py").is_file()))


@cache
def tracked() -> tuple[Path, ...]:
    """Every file under version control that is there; without version control, every file of the folders we keep."""
    found = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = found.stdout.split("\0") if found.returncode == 0 else []
    paths = [ROOT / name for name in names if name]
    if not paths:
        paths = [path for folder in ("src", "tests", "docs", "ui/src") for path in (ROOT / folder).rglob("*")]
    return tuple(path for path in paths if path.is_file())


def dotted(node: ast.AST) -> str:
    """`a.b.c` for a chain of names; the names along a chain of calls too."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call | ast.Subscript):
        return dotted(node.func if isinstance(node, ast.Call) else node.value)
    return ""


def said(node: ast.AST) -> str:
    """The text that stands in an expression: constants, f-strings and their sums."""
    parts = [
        inner.value for inner in ast.walk(node) if isinstance(inner, ast.Constant) and isinstance(inner.value, str)
    ]
    return " ".join(parts)
