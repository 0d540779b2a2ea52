import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.architecture.source import DOMAINS, ROOT, domains, modules

ONLY = {
    "duckdb": {"store"},
    "sqlglot": {"store/rulesql.py"},
}


def _contracts():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    return {one["id"]: one for one in settings["contracts"]}


def test_the_layers_are_kept():
    script = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([script, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[done.stdout.find("Broken contracts") :] + done.stderr


def test_the_contracts_know_every_domain():
    contracts = _contracts()
    assert set(contracts["domains"]["layers"]) == set(domains())
    assert contracts["inside"]["containers"] == [f"marops.domains.{name}" for name in contracts["domains"]["layers"]]


def test_a_domain_is_entered_by_its_public_module_alone():
    faults = []
    for module in modules():
        for name, line in module.imports():
            parts = name.split(".")
            if parts[:2] != ["marops", "domains"] or len(parts) < 3 or parts[2] == module.domain:
                continue
            if len(parts) < 4 or parts[3] != "public":
                faults.append(f"{module.where}:{line} imports {name}; ask marops.domains.{parts[2]}.public")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("library", ONLY)
def test_some_libraries_have_one_door(library):
    faults = [
        f"{module.where}:{line} imports {name}"
        for module in modules()
        for name, line in module.imports()
        if name.split(".")[0] == library
        and not any(module.where == place or module.where.startswith(f"{place}/") for place in ONLY[library])
    ]
    assert not faults, "\n".join(faults)


def test_methods_are_pure():
    impure = ("django", "psycopg", "duckdb", "marops", "pathlib", "socket", "subprocess", "os", "urllib", "http")
    faults = [
        f"{module.where}:{line} imports {name}"
        for module in modules()
        if module.where.startswith("methods/")
        for name, line in module.imports()
        if name.split(".")[0] in impure and not name.startswith("marops.methods")
    ]
    assert not faults, "\n".join(faults)


def test_rules_of_a_domain_touch_no_table():
    faults = [
        f"{module.where}:{line} imports {name}"
        for module in modules()
        if module.domain and module.path.relative_to(DOMAINS / module.domain).parts[0] in ("rules", "rules.py")
        for name, line in module.imports()
        if name.startswith(("django.db", "marops.kernel.models", f"marops.domains.{module.domain}.models"))
    ]
    assert not faults, "\n".join(faults)


def test_foreign_keys_point_down():
    from django.apps import apps

    order = _contracts()["domains"]["layers"]
    faults = []
    for model in apps.get_models():
        if not model.__module__.startswith("marops.domains."):
            continue
        own = model.__module__.split(".")[2]
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None) if field.concrete else None
            if target is None or not target.__module__.startswith("marops.domains."):
                continue
            other = target.__module__.split(".")[2]
            if order.index(other) < order.index(own):
                faults.append(f"{model.__name__}.{field.name} points up to {other}")
    assert not faults, "\n".join(faults)
