"""The wheel, installed where there is nothing else: no checkout, no Node."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
import urllib.request
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def _run(*command, cwd=ROOT, **options):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=600, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    if not shutil.which("uv"):
        pytest.skip("uv is not here")
    _run("uv", "build", "--quiet", "--out-dir", str(folder))
    return folder


@pytest.fixture(scope="session")
def wheel(built):
    [path] = built.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    """A command `marops` in an environment that holds the wheel and what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("venv")
    python = folder / "venv" / "bin" / "python"
    constraints = folder / "constraints.txt"
    _run("uv", "export", "--frozen", "--quiet", "--no-emit-project", "--no-hashes", "--no-dev", "-o", str(constraints))
    _run("uv", "venv", "--quiet", "--python", sys.executable, str(folder / "venv"))
    _run("uv", "pip", "install", "--quiet", "--python", str(python), "-c", str(constraints), str(wheel))
    return python.with_name("marops")


@pytest.fixture
def alone(installed, tmp_path):
    """An environment without Node, without settings, in an empty folder."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "uname", "locale", "ls", "env", "id"):
        if found := shutil.which(name):
            (programs / name).symlink_to(found)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAROPS", "DJANGO", "PYTHON"))}
    folder = tmp_path / "empty"
    folder.mkdir()
    return {"cwd": folder, "env": {**kept, "PATH": str(programs), "HOME": str(folder)}}


def test_the_wheel_holds_what_pages_and_tables_need(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    shipped = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src" / "marops").rglob("*.html")}
    shipped |= {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("migrations/0*.py")}
    shipped |= {
        path.relative_to(ROOT / "src").as_posix()
        for folder in (ROOT / "src" / "marops").rglob("data")
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert not {name for name in shipped if "/tests/" not in name} - set(names)
    assert "marops/site/static/dist/manifest.json" in names
    assert "marops/py.typed" in names
    assert not [name for name in names if "/tests/" in name or "node_modules" in name]


def test_the_sdist_builds_without_node(built):
    [path] = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = [name.split("/", 1)[-1] for name in archive.getnames()]
    assert "src/marops/site/static/dist/.built-from" in names
    assert {"LICENSE", "README.md", "CHANGELOG.md", "uv.lock", "hatch_build.py", "ui/build.mjs"} <= set(names)


def test_the_command_knows_its_version(installed, alone):
    version = re.search(r"^## \[?(\d+\.\d+\.\d+\S*?)\]?(?: |$)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1]
    assert _run(str(installed), "--version", **alone).strip() == f"marops {version}"


def test_an_empty_folder_becomes_a_healthy_installation(installed, alone):
    done = subprocess.run(
        [installed, "doctor", "--json"], capture_output=True, text=True, check=False, timeout=180, **alone
    )
    found = json.loads(done.stdout)
    checks = {check["name"]: check for check in found["checks"]}
    assert {"python", "workspace folder", "database", "lake", "audit trail"} <= set(checks), done.stderr
    assert all(check["ok"] for name, check in checks.items() if name != "disk"), done.stdout
    assert (alone["cwd"] / "marops-data").is_dir()


def test_the_pages_come_with_their_styles(installed, alone):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    alone["env"]["MAROPS_PORT"] = str(port)
    with subprocess.Popen(
        [installed, "up"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **alone
    ) as up:
        try:
            page = _wait_for(f"{address}/sign-in", up)
            links = re.findall(r'(?:href|src)="(/static/dist/[^"]+|/static/[^"]+\.(?:css|js))"', page)
            assert any(".css" in link for link in links), page[:2000]
            for link in links:
                with urllib.request.urlopen(address + link, timeout=10) as answer:
                    assert answer.status == 200
        finally:
            up.send_signal(signal.SIGINT)
            said = up.communicate(timeout=60)[0]
    assert up.returncode == 0, said


def _wait_for(address, process):
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return answer.read().decode()
        except OSError:
            time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    pytest.fail(f"no page at {address}: {process.communicate(timeout=60)[0]}")
