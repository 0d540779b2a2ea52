import ast
import re

import pytest
from tests.architecture.source import domains, dotted, modules

from marops.kernel import ports
from marops.kernel.actions import actions
from marops.kernel.errors import problem_kinds
from marops.kernel.facts import fact_kinds
from marops.kernel.gates import _GATES
from marops.kernel.permissions import rights

# What gates decide on. A new effect is a decision: gates that name effects must know it.
EFFECTS = {
    "activate", "assign", "change", "check", "comment", "create", "draft", "erase", "export", "import", "merge", "note",
    "read", "retire", "review", "route", "score", "set_up", "share", "stage",
}  # fmt: skip
PORTS = {
    "acts", "agreed", "beside", "commands", "company_merge", "company_story", "company_unmerge", "csv_shapes",
    "day_turns", "desk", "doctor", "erase", "export", "helpers", "importers", "inlets", "merge", "moves", "navigation",
    "objects", "owned_by", "recipients", "search", "stages", "starters", "story", "timeline", "unmerge",
}  # fmt: skip
VERB_PAST = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")


def _ours(registry):
    return {name: info for name, info in registry.items() if not name.startswith("test.")}


def test_every_action_has_an_effect_that_gates_know():
    unknown = {info.name: info.effect for info in _ours(actions()).values() if info.effect not in EFFECTS}
    assert not unknown


def test_gates_mind_effects_that_exist():
    minded = {effect for _, effects in _GATES.values() for effect in effects} - {"*"}
    assert minded <= EFFECTS


def test_actions_are_named_after_their_noun_and_verb():
    assert [name for name in _ours(actions()) if not VERB_PAST.fullmatch(name)] == []


def test_actions_ask_for_rights_that_exist():
    missing = {info.name: info.right for info in _ours(actions()).values() if info.right and info.right not in rights()}
    assert not missing


def test_the_ports_are_those_of_the_plan():
    assert {name for name, port in ports.PORTS.items() if name == port.name} == set(ports.PORTS)
    assert set(ports.PORTS) == PORTS


@pytest.mark.parametrize("registry", [fact_kinds, rights])
def test_names_are_noun_dot_verb(registry):
    assert [name for name in registry() if not VERB_PAST.fullmatch(name)] == []


def test_problem_codes_are_words_with_hyphens():
    assert [code for code in problem_kinds() if not re.fullmatch(r"[a-z]+(-[a-z]+)*", code)] == []
    assert [code for code, kind in problem_kinds().items() if not kind.remedy.endswith((".", "?"))] == []


@pytest.mark.parametrize("register", ["problem", "fact_kind", "right"])
def test_what_is_registered_stands_at_the_top_of_its_module(register):
    faults = []
    for module in modules():
        inner = {id(call) for function in module.functions() for call in ast.walk(function)}
        faults += [
            f"{module.where}:{node.lineno} {dotted(node.func)}: it is not known before the function runs"
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Call) and dotted(node.func).rsplit(".", 1)[-1] == register and id(node) in inner
            if node.args and isinstance(node.args[0], ast.Constant)
        ]
    assert not faults, "\n".join(faults)


def test_facts_that_actions_announce_are_registered():
    faults = [
        f"{module.where}:{node.lineno} {node.args[0].value}: register it with fact_kind"
        for module in modules()
        if module.domain
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "fact"
        if node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value not in fact_kinds()
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("domain", domains())
def test_every_domain_is_installed_under_its_own_name(domain):
    from django.apps import apps

    assert apps.get_app_config(domain).name == f"marops.domains.{domain}"
