"""Words that people read pass gettext: messages of pages, labels of forms, titles of menus."""

import ast
import re

from tests.architecture.source import dotted, modules

PLACES = re.compile(r"(?:domains/\w+|site)/(?:pages|forms|apps|shell|desks)\.py")
KEYWORDS = {"label", "help_text", "empty_label", "title", "placeholder", "legend", "summary"}
FIRST_SHOWN = {  # calls that show words, and the number of the first argument that is shown
    "messages.success": 1,
    "messages.error": 1,
    "messages.info": 1,
    "messages.warning": 1,
    "self.add_error": 1,
    "form.add_error": 1,
    "forms.ValidationError": 0,
    "ValidationError": 0,
}
WORDY = re.compile(r"[A-Za-z]{2,}")
TRANSLATES = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "format_lazy"}


def _bare(node):
    """Literal words that no gettext call encloses."""
    if isinstance(node, ast.Call) and dotted(node.func).rsplit(".", 1)[-1] in TRANSLATES:
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and WORDY.search(node.value):
        yield node
    elif isinstance(node, ast.JoinedStr):
        yield from (part for part in node.values if isinstance(part, ast.Constant) and WORDY.search(str(part.value)))
    elif isinstance(node, ast.BinOp | ast.IfExp | ast.BoolOp):
        for child in ast.iter_child_nodes(node):
            yield from _bare(child)


def test_words_of_pages_and_forms_are_translated():
    faults = []
    for module in modules():
        if not PLACES.fullmatch(module.where):
            continue
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call):
                continue
            shown = [keyword.value for keyword in node.keywords if keyword.arg in KEYWORDS]
            if (first := FIRST_SHOWN.get(dotted(node.func))) is not None:
                shown += node.args[first:]
            faults += [
                f"{module.where}:{bare.lineno} {str(getattr(bare, 'value', ''))[:60]!r}"
                for one in shown
                for bare in _bare(one)
            ]
    assert not faults, "these words pass no gettext:\n" + "\n".join(faults)
