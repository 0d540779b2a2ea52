"""Every write of domains and site is an action, or a part of one.

A part is a function that takes the running act (only an action has one), or is private and reachable from actions of
its own module alone.
"""

import ast
import re
from collections import defaultdict

from tests.architecture.source import dotted, modules, said

WRITING_SQL = re.compile(
    r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE|MERGE\s+INTO|COPY)\s+(?!SKIP|OF\b|SET\b|NOWAIT)\"?(?P<table>\w+|$)"
)
TEMPORARY = re.compile(r"CREATE\s+TEMP(?:ORARY)?\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?\"?(\w+)?")
ORM = {
    "save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create",
    "set_password", "create_user",
}  # fmt: skip
WRITERS = {
    "marops.store.bulk.copy_in", "marops.kernel.facts.write", "marops.kernel.facts.write_from",
    "marops.kernel.facts.touch", "marops.kernel.facts.touch_from",
}  # fmt: skip
# Writes that are no act of anybody, each with its reason. Keep it short.
ALLOWED = {
    "domains/capture/ports.py:_forget_files": "a part of the act of erasing, which calls it through the port",
    "domains/contacts/actions/checking.py:_count_twins": "a part of the act of the engine, and of the two below",
    "domains/contacts/actions/checking.py:forget_likeness": "a part of the acts of erasing and merging, by their ports",
    "domains/consent/writing.py:forget_requests": "a part of the act of erasing, which calls it through the port",
    "domains/register/actions.py:fallback_queue": "the queue that must be there, made in the act that needs it",
    "domains/policy/writing.py:write_act": "what the gate keeps of an AI's act, in its transaction, or of its refusal",
    "domains/contacts/ports.py:_forget_merges": "a port of the action that erases",
    "domains/contacts/ports.py:_forget_pairs": "a port of the action that erases",
    "domains/contacts/ports.py:_pairs_follow": "a port of the action that merges",
    "domains/contacts/ports.py:_pairs_back": "a port of the action that takes a merge back",
    "domains/policy/writing.py:forget_samples": "what people found about acts, where those are let go",
    "domains/policy/writing.py:_numbered": "the numbers of those acts, in the same transaction",
    "domains/pipeline/writing.py:stages_in_force": "a part of the activation of a definition, which is an act",
    "domains/scoring/stages.py:day_turn": "a request to the engine to look again, not an act",
}
SCRATCH = "staging"  # a database of its own for the length of one job: nothing in it lasts


class Scan:
    """The functions of one module: which write, which are actions, who refers to whom."""

    def __init__(self, module):
        self.module = module
        self.constants = {
            target.id: said(node.value)
            for node in module.tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }
        self.aliases = {}
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom):
                self.aliases |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
        # Tables that end with the transaction hold nothing that lasts.
        self.temporary = {"staged", *TEMPORARY.findall(said(module.tree))}
        self.functions, self.referrers = {}, defaultdict(set)
        self._collect(module.tree, "")

    def _collect(self, node, owner):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef) and not owner:
                self.functions[child.name] = child
                for part in child.decorator_list + child.args.defaults:
                    self._refer(part, "")
                for part in child.body:
                    self._refer(part, child.name)
            elif isinstance(child, ast.ClassDef) and not owner:
                for part in child.body:
                    if isinstance(part, ast.FunctionDef):
                        name = f"{child.name}.{part.name}"
                        self.functions[name] = part
                        self._refer(part, name)
                    else:
                        self._refer(part, "")
            else:
                self._refer(child, "")

    def _refer(self, node, owner):
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name):
                self.referrers[inner.id].add(owner)
            elif isinstance(inner, ast.Attribute):
                self.referrers[inner.attr].add(owner)

    def is_action(self, name):
        return any(dotted(mark) in ("action", "actions.action") for mark in self.functions[name].decorator_list)

    def takes_an_act(self, name):
        named = {argument.arg: argument.annotation for argument in self.functions[name].args.args[:2]}
        return "act" in named and named["act"] is not None and dotted(named["act"]) == "Act"

    def only_from_actions(self, name, seen=()):
        if self.is_action(name) or self.takes_an_act(name):
            return True
        short = name.rsplit(".", 1)[-1]
        if name.startswith("_") and "." in name:
            short = name.split(".")[0]  # methods of a private class are as reachable as the class
        if not short.startswith("_") or short.startswith("__") or name in seen:
            return name in seen
        callers = {caller for caller in self.referrers[short] if caller != name and not caller.startswith(f"{short}.")}
        return bool(callers) and all(
            caller in self.functions and self.only_from_actions(caller, (*seen, name)) for caller in callers
        )

    def writes(self, name):
        for node in ast.walk(self.functions[name]):
            if isinstance(node, ast.Call) and (what := self._write(node)):
                yield node.lineno, what

    def _write(self, call):
        name = dotted(call.func)
        last = name.rsplit(".", 1)[-1]
        if self._expanded(name) in WRITERS:
            return name
        if f".{name}".rsplit(".", 2)[-2].lstrip("_") == SCRATCH:
            return None
        if last in ("execute", "executemany", "copy", "run") and call.args:
            return self._writing_sql(call.args[0])
        if last in ORM and isinstance(call.func, ast.Attribute) and self._is_orm(call, name, last):
            return f"{name}()"
        return None

    def _writing_sql(self, argument):
        names = (inner.id for inner in ast.walk(argument) if isinstance(inner, ast.Name))
        text = " ".join([said(argument), *(self.constants.get(name, "") for name in names)])
        found = (match for match in WRITING_SQL.finditer(text) if match["table"] not in self.temporary)
        return next((match[0] for match in found), None)

    def _expanded(self, name):
        head, _, rest = name.partition(".")
        return f"{self.aliases[head]}.{rest}" if head in self.aliases else name

    @staticmethod
    def _is_orm(call, name, last):
        if last == "update":  # dictionaries and hashes are updated too, but not with keywords on a queryset
            return ".objects." in name or (bool(call.keywords) and not call.args)
        if last == "delete":
            return ".objects." in name or not (call.args or call.keywords)
        if last in ("create", "save"):
            return ".objects." in name or last == "save"
        return True


def test_every_write_is_an_action():
    faults = []
    for module in modules():
        if not module.where.startswith(("domains/", "site/", "connectors/", "cli/")):
            continue
        scan = Scan(module)
        for name in scan.functions:
            found = list(scan.writes(name))
            if TEMPORARY.search(said(scan.functions[name])):
                found = [(line, what) for line, what in found if not what.endswith("copy_in")]
            if found and f"{module.where}:{name}" not in ALLOWED and not scan.only_from_actions(name):
                line, what = found[0]
                faults.append(f"{module.where}:{line} {name} writes ({what}) outside an @action")
    assert not faults, "\n".join(faults)


def test_the_exceptions_exist():
    known = {f"{module.where}:{name}" for module in modules() for name in Scan(module).functions}
    assert set(ALLOWED) <= known


def test_the_scan_finds_writes(tmp_path):
    from tests.architecture.source import Module

    path = tmp_path / "actions.py"
    path.write_text(
        "SQL = 'INSERT INTO a VALUES (1)'\n"
        "def a(row): row.save()\n"
        "def b(): Thing.objects.filter(x=1).update(y=2)\n"
        "def c(cursor): cursor.execute(SQL)\n"
        "def d(cursor, t): cursor.execute(f'DELETE FROM {t}')\n"
        "def e(cursor): cursor.execute('SELECT 1 FOR UPDATE')\n"
        "def f(x): x.update({'a': 1}); hash.update(b'a')\n"
        "@action('x', effect='y')\n"
        "def g(act): _h()\n"
        "def _h(): Thing.objects.create()\n"
        "def _i(): Thing.objects.create()\n"
        "def j(): _i()\n"
        "def l(act: Act): _Work(act).go()\n"
        "class _Work:\n"
        "    def go(self): Thing.objects.create()\n"
        "class _Loose:\n"
        "    def go(self): Thing.objects.create()\n"
        "def m(): _Loose().go()\n"
        "def n(cursor): cursor.execute('CREATE TEMP TABLE mine (a int)'); cursor.execute('INSERT INTO mine SELECT 1')\n"
        "def k(staging): staging.execute('UPDATE t SET a = 1')\n"
    )
    scan = Scan(Module(path))
    assert [name for name in scan.functions if list(scan.writes(name))] == [
        "a", "b", "c", "d", "_h", "_i", "_Work.go", "_Loose.go",
    ]  # fmt: skip
    assert [name for name in scan.functions if scan.only_from_actions(name)] == ["g", "_h", "l", "_Work.go"]
