import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2]
GALLERY = {"parts.html", "parts_because.html", "sample_reason.html"}
SPOKEN = {
    "aria-label",
    "title",
    "placeholder",
    "alt",
    "data-confirm",
    "data-confirm-do",
    "data-command",
    "data-command-hint",
}
NAMES = {"Marops", "Esc", "Ctrl", "Mac"}

templates = sorted(path for path in PACKAGE.glob("**/templates/**/*.html"))
of_people = [path for path in templates if path.name not in GALLERY]
every = pytest.mark.parametrize("path", templates, ids=lambda path: str(path.relative_to(PACKAGE)))
spoken = pytest.mark.parametrize("path", of_people, ids=lambda path: str(path.relative_to(PACKAGE)))

BLOCKTRANSLATE = re.compile(r"\{%\s*blocktrans(?:late)?\b.*?\{%\s*endblocktrans(?:late)?\s*%\}", re.DOTALL)
COMMENT = re.compile(r"\{%\s*comment\b.*?\{%\s*endcomment\s*%\}|\{#.*?#\}", re.DOTALL)
CLASS_BLOCK = re.compile(r"\{% block body_class %\}.*?\{% endblock %\}")
TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
TAG_WITH_WORDS = re.compile(
    r"\{%\s*(?!translate|blocktrans|trans|url|static|icon|emblem|asset|include|load|extends|block|if|elif|for|with|firstof|when|csrf_token|cycle|now)(\w+)(.*?)%\}"
)
SAID_BY_TAG = {
    "title": ("name", "above", "state", "owner"), "band": ("heading", "note", "link"), "empty": ("heading", "action"),
    "notice": ("heading",), "menu": ("label",), "table": ("label",), "sort_head": ("label",), "pill": ("text",),
    "touch": ("text",), "filter_bar": ("search", "said"), "form_body": ("submit", "sentence"), "paging": ("noun",),
    "contributions": ("label", "of"), "tabs": ("label",), "spark": ("label",), "toast": ("text",),
}  # fmt: skip
FIRST_IS_A_WORD = {"band", "empty", "menu", "table", "sort_head", "pill"}


class Words(HTMLParser):
    """Collects what a reader would see or hear that stands in the template itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("script", "style", "code")
        self.found += [value for name, value in attrs if name in SPOKEN and value and has_words(value)]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style", "code")

    def handle_data(self, data: str) -> None:
        if not self.silent and has_words(data):
            self.found.append(data.strip())


def has_words(text: str) -> bool:
    return bool(set(re.findall(r"[^\W\d_]{2,}", text)) - NAMES)


def bare_words(source: str) -> list[str]:
    source = CLASS_BLOCK.sub("", COMMENT.sub("", source))
    in_tags = [word for name, given in TAG_WITH_WORDS.findall(source) for word in words_of_tag(name, given)]
    reader = Words()
    reader.feed(TAG.sub("", BLOCKTRANSLATE.sub("", source)))
    return [*in_tags, *reader.found]


def words_of_tag(name: str, given: str) -> list[str]:
    said = [value for key in SAID_BY_TAG.get(name, ()) for value in re.findall(rf'\b{key}="([^"]*)"', given)]
    if name in FIRST_IS_A_WORD:
        said += re.findall(r'^\s*"([^"]*)"', given)
    return [value for value in said if has_words(value)]


@spoken
def test_every_word_goes_through_gettext(path: Path) -> None:
    assert bare_words(path.read_text()) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Hello there</p>", ["Hello there"]),
        ('<p title="What it is">{{ name }}</p>', ["What it is"]),
        ('{% band "Needs you" %}{% endband %}', ["Needs you"]),
        ('{% title name=lead.name state="late" %}{% endtitle %}', ["late"]),
        ('{% translate "Needs you" as words %}{% band words %}<b>{{ n }}</b> Marops{% endband %}', []),
        ("{% blocktranslate %}Hello {{ name }}{% endblocktranslate %}{# a note #}", []),
    ],
)
def test_the_finder_of_bare_words_finds_them(source: str, found: list[str]) -> None:
    assert bare_words(source) == found


@every
def test_no_template_holds_what_the_content_policy_refuses(path: Path) -> None:
    source = path.read_text()
    assert not re.findall(r"<style\b|\sstyle\s*=|javascript:|\shx-on\b|\son\w+\s*=\s*[\"']", source)
    assert all("src=" in tag for tag in re.findall(r"<script\b[^>]*>", source))
    assert not re.findall(r"hx-(?:vals|headers|trigger)[^=]*=\s*[\"'](?:js:|javascript:)|hx-trigger=\"[^\"]*\[", source)
    assert not re.findall(r"(?:src|href|action)=\"(?:https?:)?//", source)


@every
def test_attributes_that_reach_below_say_so(path: Path) -> None:
    assert not re.findall(r"<body[^>]*\shx-headers=", path.read_text()), "htmx 4 inherits only what ends in :inherited"
