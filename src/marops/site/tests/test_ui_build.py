import gzip
import importlib.util
import json
import os
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[4]
DIST = Path(__file__).parents[1] / "static" / "dist"
PLAIN_PAGE_SCRIPT = 40 * 1024

built = pytest.mark.skipif(
    not (DIST / "manifest.json").is_file(), reason="the interface was not built (MAROPS_SKIP_UI)"
)
in_repository = pytest.mark.skipif(not (REPOSITORY / "ui").is_dir(), reason="not in a checkout")


def manifest() -> dict[str, dict[str, Any]]:
    files: dict[str, dict[str, Any]] = json.loads((DIST / "manifest.json").read_text())["files"]
    return files


@built
def test_a_plain_page_loads_at_most_forty_kilobytes_of_script() -> None:
    script = DIST / manifest()["marops.js"]["file"]
    assert len(gzip.compress(script.read_bytes(), 9)) <= PLAIN_PAGE_SCRIPT
    assert "import(" not in script.read_text(), "a plain page loads nothing more than its one script"


@built
def test_the_manifest_names_files_that_are_there_with_their_hash() -> None:
    for entry in manifest().values():
        assert (DIST / entry["file"]).is_file()
        assert re.search(r"-[A-Z0-9]{8}\.\w+$", entry["file"])
    compressed = {path.name for path in DIST.glob("*.gz")} | {path.name for path in DIST.glob("*.br")}
    assert len(compressed) == 2 * len([one for one in manifest().values() if one["file"].endswith((".js", ".css"))])


@built
def test_styles_and_scripts_ask_no_other_host() -> None:
    styles = (DIST / manifest()["marops.css"]["file"]).read_text()
    assert not re.findall(r"url\((?!\.?/?\"?\.?/?fonts/)[^)]*\)|@import", styles)
    assert "eval(" not in (DIST / manifest()["marops.js"]["file"]).read_text()


@built
def test_the_licence_of_the_font_travels_with_it() -> None:
    assert "SIL OPEN FONT LICENSE" in (DIST / "fonts" / "OFL.txt").read_text().upper()


@in_repository
def test_the_lock_file_names_no_registry_and_pins_every_version() -> None:
    lock = (REPOSITORY / "ui" / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    package = json.loads((REPOSITORY / "ui" / "package.json").read_text())
    for version in {**package["dependencies"], **package["devDependencies"]}.values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)


@in_repository
def test_each_token_that_a_style_uses_is_defined() -> None:
    styles = "".join(path.read_text() for path in (REPOSITORY / "ui" / "src" / "styles").glob("*.css"))
    defined = set(re.findall(r"(--[\w-]+)\s*:", styles))
    assert set(re.findall(r"var\((--[\w-]+)", styles)) <= defined


@in_repository
def test_raw_colours_stand_in_the_tokens_alone() -> None:
    for path in (REPOSITORY / "ui" / "src" / "styles").glob("*.css"):
        if path.name != "tokens.css":
            assert not re.findall(r"#[0-9a-f]{3,8}\b(?![^{]*\{)|rgb\(|hsl\(", path.read_text()), path.name


# --- The build hook. hatchling is not installed beside Marops, so a stand-in takes its place. ---


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    interface = ModuleType("hatchling.builders.hooks.plugin.interface")
    interface.BuildHookInterface = type("BuildHookInterface", (), {"__class_getitem__": classmethod(lambda c, _: c)})  # type: ignore[attr-defined]
    names = ("hatchling", "hatchling.builders", "hatchling.builders.hooks", "hatchling.builders.hooks.plugin")
    for name in names:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, interface.__name__, interface)
    monkeypatch.delenv("MAROPS_SKIP_UI", raising=False)
    spec = importlib.util.spec_from_file_location("hatch_build", REPOSITORY / "hatch_build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path, hook: ModuleType) -> Path:
    (tmp_path / "ui" / "src").mkdir(parents=True)
    (tmp_path / "ui" / "src" / "main.ts").write_text("one")
    (tmp_path / "ui" / "build.mjs").write_text("build")
    stamp = hook._stamp(tmp_path)
    stamp.parent.mkdir(parents=True)
    stamp.write_text(hook._digest(tmp_path / "ui") + "\n")
    return tmp_path


@in_repository
def test_bundles_are_fresh_until_a_source_changes(hook: ModuleType, checkout: Path) -> None:
    assert hook.is_fresh(checkout)
    (checkout / "ui" / "node_modules").mkdir()
    (checkout / "ui" / "node_modules" / "x.js").write_text("not a source")
    assert hook.is_fresh(checkout)
    (checkout / "ui" / "src" / "main.ts").write_text("two")
    assert not hook.is_fresh(checkout)


@in_repository
def test_bundles_without_sources_are_taken_as_they_are(hook: ModuleType, checkout: Path) -> None:
    (checkout / "ui" / "build.mjs").unlink()
    assert hook.is_fresh(checkout)


@in_repository
def test_node_is_asked_for_only_when_it_is_missing_and_needed(
    hook: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = hook.InterfaceBuild()
    build.root = str(checkout)
    monkeypatch.setenv("PATH", str(checkout))
    assert build.dependencies() == []
    (checkout / "ui" / "src" / "main.ts").write_text("two")
    assert build.dependencies() == [hook.NODE_PACKAGE]
    monkeypatch.setenv("MAROPS_SKIP_UI", "1")
    assert build.dependencies() == []


@in_repository
def test_an_old_node_counts_as_none(hook: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, said in (("node", "v18.20.0"), ("npm", "9")):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {said}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), "/bin"]))
    assert hook._node_of_the_machine() is None
    (tmp_path / "node").write_text("#!/bin/sh\necho v20.19.0\n")
    assert hook._node_of_the_machine() == str(tmp_path / "node")


@in_repository
def test_skipping_leaves_stale_bundles_alone(hook: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout / "ui" / "src" / "main.ts").write_text("two")
    monkeypatch.setenv("MAROPS_SKIP_UI", "1")
    said: list[str] = []
    build = hook.InterfaceBuild()
    build.root, build.app = str(checkout), SimpleNamespace(display_info=said.append)
    build.initialize("standard", {})
    assert said
    assert not hook.is_fresh(checkout)
