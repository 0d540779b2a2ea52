import ast
import re

from tests.architecture.source import dotted, modules

CLOCK = "kernel/clock.py"
WALL = re.compile(r"(?:.*\.)?(?:datetime\.(?:now|utcnow|today)|date\.today|time\.time(?:_ns)?|timezone\.now|localdate)")
# Who may read the wall clock besides, and why.
ALLOWED = {
    "store/lake.py": "the store knows no kernel; its writer dates its own bookkeeping when nobody passes a moment",
}
SQL_NOW = re.compile(
    r"\b(?:now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|getdate|today|get_current_timestamp)"
    r"\s*\(\s*\)|\bcurrent_(?:timestamp|date|time)\b|\blocaltimestamp\b",
    re.IGNORECASE,
)
SQL = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|CREATE|CALL|WHERE)\b")


def test_one_clock():
    faults = [
        f"{module.where}:{node.lineno} {dotted(node.func)}: ask kernel.clock.now"
        for module in modules()
        if module.where != CLOCK and module.where not in ALLOWED
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and WALL.fullmatch(dotted(node.func))
    ]
    assert not faults, "\n".join(faults)


def test_the_exceptions_still_need_to_be_ones():
    texts = {module.where: module.text for module in modules()}
    assert all("datetime.now" in texts.get(place, "") for place in ALLOWED)


def test_sql_never_asks_the_server_for_the_time():
    faults = []
    for module in modules():
        docstrings = set(_docstrings(module.tree))
        for node in ast.walk(module.tree):
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if node not in docstrings and SQL.search(text) and (found := SQL_NOW.search(text)):
                faults.append(f"{module.where}:{node.lineno} {found[0]}: pass the moment as a parameter")
    assert not faults, "\n".join(faults)


def _docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                yield first.value
