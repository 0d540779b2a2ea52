import ast
import re
import sys

from tests.architecture.source import DOMAINS, ROOT, domains, dotted, modules, tracked

FIXED = {
    "models", "rules", "queries", "actions", "stages", "jobs", "public", "permissions", "forms", "pages", "rest",
    "mcp", "charts", "urls", "admin", "apps", "fields", "story", "starter", "migrations", "templates", "tests",
    "data", "static", "ports", "writing", "metrics", "desk",
}  # fmt: skip
# What a domain has besides, and why it is a thing of its own.
BESIDES = {
    "accounts/mail": "the letters of accounts: invitations and new passwords",
    "accounts/sign_in": "Django's authentication backend and the limits of guessing",
    "contacts/telling": "two records side by side, told",
    "contacts/wording": "words as vocabularies say, on rows that come in",
    "capture/cleaning": "column by column normalisation of an import, set-based",
    "capture/findings": "what a preview or an import found wrong, in words",
    "capture/guessing": "which field a column means, from its name and its values",
    "capture/intake": "events from websites and programs: a door of their own, and what the engine makes of them",
    "capture/maps": "the mapping of an import as a document",
    "capture/persons": "which person a row of a file is",
    "capture/plan": "what an import would do, before it does it",
    "capture/preparing": "rows of a file as staged columns",
    "capture/reading": "file formats: delimited text, workbooks, Parquet",
    "capture/shapes": "how exports of other systems are recognised",
    "capture/tables": "files of other tables than leads: which table, and where its columns go; kept by a port",
    "routing/telling": "one lead's page, told: what is to be done, the path, the days, the score's course",
    "capture/targets": "the fields that a column may be mapped to",
    "consent/answering": "what a request is answered with, put together for pages, REST and the command alike",
    "consent/papers": "the record of processing and proofs of erasure, printed",
    "policy/draft_forms": "forms of what AI handed in and of the trail; `forms` has those of the page and its rules",
    "policy/papers": "the policy on one sheet of paper",
    "policy/use_forms": "the form of a use of AI; `forms` has those of rules and of the page",
    "policy/interview_forms": "twenty questions as a form",
    "routing/papers": "why leads are bad, on one page to be forwarded",
    "routing/trace_rest": "the trace over REST; `rest` has leads and routes",
    "scoring/prediction": "likelihoods learnt from recorded outcomes, beside the score by rules",
    "team/papers": "an opening's description and its interview sheets, printed",
    "team/work_forms": "forms of work, one-to-ones, first weeks and openings; `forms` has those of hours and people",
    "team/coverage_forms": "forms of who does what; `forms` has those of hours and people",
    "team/growth_forms": "what growth plans ask for, which are nobody's but their owner's",
    "team/blueprint_forms": "what is asked of a blueprint, and the ranges of the assumptions",
    "team/people_forms": "forms of what is kept about a person; `forms` has those of hours and people",
    "team/structure_forms": "forms of planned structures and their seats; `forms` has those of hours and people",
    "team/catalogue_forms": "forms of roles and skills; `forms` has those of hours and people",
    "team/catalogue": "the roles, skills, assumptions and playbooks in force, read once",
    "workflows/discovering": "a workflow and a crew made of what the methods find in a log",
    "workflows/openings": "what filling an opening of the team would change: a hire, compared with nobody coming",
    "workflows/papers": "the one-pagers: workflow page and comparison, as values and printed",
    "workflows/carrying": "workflows as files: diagrams and models of other tools, in and out",
    "workflows/pay": "who sees which money in an answer about a workflow",
    "workflows/plan": "how a log would be read, before it is",
    "workflows/telling": "one workflow's page, told: its answer, its map, its rows, what was asked and compared",
    "workflows/reading": "event logs as files: tables, XES, OCEL 2.0, facts; and their way into the tables",
    "workflows/exchange": "workflows in the formats of other tools: BPMN and Prosimos, in and out",
    "routing/boards": "reads for the pages of routes, pools and queues",
    "routing/dealing": "who gets which lead, worked out set by set, for a real pass and for a trial",
    "routing/deadlines": "the clocks of promises in working hours",
    "routing/route_pages": "pages of routes: rules, pools, versions and trials",
    "routing/sales_pages": "pages of those who have leads: dispositions, queues, hand-over of many",
    "routing/trace_pages": "pages of the trace: why the leads are bad",
    "routing/trials": "what a route would do with leads that came",
    "workflows/answering": "what simulation says of workflows: pure, and the only part that needs numpy",
    "workflows/evidence": "what the log a workflow was read off says of its times and its waiting",
    "workflows/asking": "questions about a workflow, asked once and kept",
    "workflows/sheets": "forms of the editor: what each sheet asks for, and what is wrong with what is drawn",
    "workflows/decided": "which decisions help a plan: asked once and kept",
    "workflows/promised": "when open work will be done: what is in progress, from facts or a log",
    "workflows/questions": "what is asked of workflows as jobs",
    "workflows/rest_answers": "what simulation answers over REST: as much again as the documents have",
    "workflows/warming": "compiling the simulation kernel after the first start",
    "workflows/situations": "what is simulated together: workflows of one crew, and the crew as it is now",
}
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "common.py", "misc.py", "util.py", "lib.py"}
FORBIDDEN_WORDS = re.compile(
    r"(?<![\w.])/(?:root|home|work|Users)/(?!\.\.)[a-z]+/|shared" + "/design|design " + r"docs"
)
WORDS_ALLOWED = {"uv.lock", "ui/package-lock.json"}
# Places that speak about /root as a folder that servers have, not about a machine of ours.
SPEAKS_OF_ROOT = {
    "docs/decisions/0002-embedded-postgresql.md",
    "src/marops/store/embedded.py",
    "src/marops/store/postgres",
    "src/marops/store/tests",
}

LONGEST_FILE = 620
LONGEST_FUNCTION = 60
# Methods that a framework calls by name; their meaning is the framework's.
HOOKS = re.compile(
    r"ready|clean\w*|__\w+__|get_\w+|has_\w+|save\w*|authenticate|run|render|handle|process_\w+|initialize|dependencies"
    r"|increase_indent|ignore_aliases|represent\w*|compose_node|construct_mapping|formfield|to_python|deconstruct"
    r"|as_json|validate\w*|widget_attrs|format_value|emit|create_\w+|model_\w+"
)


def test_domains_use_the_fixed_names():
    faults = []
    for domain in domains():
        for path in sorted((DOMAINS / domain).iterdir()):
            name = path.stem if path.suffix == ".py" else path.name
            if name.startswith(("__", ".")) or name in FIXED or f"{domain}/{name}" in BESIDES:
                continue
            faults.append(f"domains/{domain}/{path.name}: use a fixed name, or list it in BESIDES with its reason")
    assert not faults, "\n".join(faults)


def test_the_list_of_other_names_is_not_stale():
    gone = [name for name in BESIDES if not list(DOMAINS.glob(f"{name}.py")) + list(DOMAINS.glob(f"{name}/"))]
    assert not gone, f"no longer there: {gone}"


def test_no_drawer_for_everything():
    faults = [path.relative_to(ROOT).as_posix() for path in tracked() if path.name in FORBIDDEN_NAMES]
    assert not faults, f"name them after what they are about: {faults}"


def test_no_file_names_a_machine():
    faults = []
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if name in WORDS_ALLOWED or path == ROOT / "tests/architecture/test_names.py":
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            found = FORBIDDEN_WORDS.search(line)
            if found and not (found[0] == "/root/" and name.startswith(tuple(SPEAKS_OF_ROOT))):
                faults.append(f"{name}:{number}: {found[0]}")
    assert not faults, "\n".join(faults)


def _is_overload(node):
    return any(isinstance(one, ast.Name) and one.id == "overload" for one in getattr(node, "decorator_list", ()))


def test_what_is_public_has_a_docstring():
    faults = [
        f"{module.where}:{node.lineno} {name}"
        for module in modules()
        if module.path.name not in ("apps.py", "urls.py", "__init__.py", "__main__.py", "settings.py")
        for name, node in _public(module.tree)
        if not ast.get_docstring(node) and not _is_overload(node)
    ]
    assert not faults, f"{len(faults)} without a docstring:\n" + "\n".join(faults)


def test_every_module_says_what_it_is_about():
    faults = [
        module.where
        for module in modules()
        if module.path.name not in ("apps.py", "urls.py", "__init__.py") and not ast.get_docstring(module.tree)
    ]
    assert not faults, "\n".join(faults)


def _public(tree, prefix=""):
    """Public functions, classes and methods; a class nested for a framework (Meta, State) speaks for itself."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not prefix:
            yield node.name, node
            if any(dotted(base) == "Protocol" for base in node.bases):
                continue
            yield from _public(node, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            if prefix and HOOKS.fullmatch(node.name):
                continue
            yield prefix + node.name, node


def test_files_and_functions_stay_readable(capsys):
    lengths, comments, lines, faults = [], 0, 0, []
    for module in modules():
        rows = module.text.splitlines()
        lines += len(rows)
        comments += sum(row.lstrip().startswith("#") for row in rows)
        if len(rows) > LONGEST_FILE:
            faults.append(f"{module.where} has {len(rows)} lines")
        for function in module.functions():
            length = function.end_lineno - function.lineno + 1
            lengths.append(length)
            if length > LONGEST_FUNCTION:
                faults.append(f"{module.where}:{function.lineno} {function.name} has {length} lines")
    said = (
        f"{len(modules())} modules, {lines:,} lines, {comments / lines:.1%} comment lines, {len(lengths):,} functions,"
        f" mean {sum(lengths) / len(lengths):.1f} lines, longest {max(lengths)}"
    )
    with capsys.disabled():
        sys.stdout.write(f"\n  {said}\n")
    assert not faults, "\n".join(faults)
