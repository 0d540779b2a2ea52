"""What the AI is asked for. Each question passes the gate before anything goes out and again with what came back, and
stands in the trail both times; what comes of it is a draft or a proposal, and nothing else.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count
from django.utils.translation import gettext as _

from marops.connectors.assistant import rules
from marops.connectors.assistant.actions import ACT_OF
from marops.connectors.assistant.asking import NONSENSE, ask
from marops.connectors.assistant.models import Provider
from marops.connectors.assistant.queries import check_model, in_use, kinds_to_draft
from marops.connectors.assistant.reading import Seen
from marops.connectors.assistant.rules import COLUMNS, DRAFT, SUMMARY, WORDS, Help, Message, Nonsense, sha256
from marops.domains.capture.public import Plan, targets_for, usable
from marops.domains.contacts.public import VIEW as SEE_LEADS
from marops.domains.contacts.public import Contact
from marops.domains.policy.public import propose
from marops.kernel import definitions, ports
from marops.kernel.actors import Actor
from marops.kernel.errors import INVALID, NOT_ALLOWED, FieldError, MaropsError
from marops.kernel.fields import REGISTRY, FieldClass, FieldType
from marops.kernel.gates import About
from marops.kernel.models import Definition
from marops.kernel.permissions import require

LONGEST: Final = 2_000
MOST_PAGE: Final = 24_000
OFTEN: Final = 5
"""A value that occurs less often may tell of a person, and stays here."""
_MOST_VALUES = 80
_OF_PEOPLE = frozenset({"crew", "structure"})  # their documents name colleagues
PERSON: Final = "assistant"
COMMAND: Final = "assistant-cli"
WORD_FIELDS: Final = ("industry", "source", "campaign", "region", "job_title", "language")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked and answered: with whom, in which words, what it took."""

    actor: Actor
    text: str
    tokens: int
    cost: Decimal
    model: str

    def origin(self, help_: Help) -> str:
        """Where a draft comes from, as its history says it."""
        return _("Drafted by AI (%(model)s, words %(prompt)s).") % {"model": self.model, "prompt": help_.prompt}


@dataclass
class Question:
    """One kind of help for one person, about one thing; it may take more than one question to the model.

    `data`: the kinds of data that go out, the most sensitive last; the gate is asked about each. `by`: the AI's name in
    the trail, which says whether its person asked, or a command that names a person and is none.
    """

    help: Help
    person: str
    subject: str
    data: tuple[str, ...] = ("internal",)
    by: str = PERSON
    tokens: int = 0
    cost: Decimal = Decimal(0)

    @property
    def actor(self) -> Actor:
        """The AI, on behalf of the person, under the register's entry for this kind of help."""
        return Actor("ai", self.by, on_behalf_of=self.person, ai_use=self.help.use)

    def put(self, messages: Sequence[Message], *, as_json: bool = True) -> Asked:
        """Ask the gate, then the model, then the gate again with what came back.

        Raises MaropsError `assistant-off`, `gate-refused`, `assistant-failed` or `assistant-nonsense`.
        """
        provider, act = in_use(), ACT_OF[self.help.name]
        check_model(provider, self.help.use)
        inputs = sha256("\n".join(f"{one['role']}: {one['content']}" for one in messages))
        told: dict[str, Any] = {
            "actor": self.actor, "subject": self.subject, "data": self.data[-1], "prompt": self._words(provider),
            "inputs_sha256": inputs,
        }  # fmt: skip
        least = rules.least(messages).cost(provider.price_in, provider.price_out)
        for one in self.data:
            act(**told | {"data": one, "expected": least})
        said = ask(provider, messages, as_json=as_json)
        cost = said.cost(provider.price_in, provider.price_out)
        act(**told, sha256=sha256(said.text), tokens=said.tokens, cost=cost)
        self.tokens, self.cost = self.tokens + said.tokens, self.cost + cost
        return Asked(self.actor, said.text, said.tokens, cost, provider.model)

    def _words(self, provider: Provider) -> str:
        """The version of the words and the model, in the letters that names have in the trail."""
        return f"{self.help.prompt}@{re.sub(r'[^A-Za-z0-9_.-]', '-', provider.model)[:40]}"


def draft_definition(
    person: str, kind: str, sentence: str, slug: str = "", *, by: str = PERSON
) -> tuple[Definition, Question]:
    """A definition of this kind as the sentence wishes it, kept as a draft; faults are told to the model once.

    Raises MaropsError as `Question.put` does, and `invalid` for a kind that nobody drafts from a sentence.
    """
    known = kinds_to_draft()
    if kind not in known:
        fault = FieldError("unknown", _("Nothing of this kind is drafted from a sentence."), field="kind")
        raise MaropsError(INVALID, errors=[fault])
    data = ("contact",) if slug and kind in _OF_PEOPLE else ("internal",)
    question = Question(DRAFT, person, f"{kind}/{slug}" if slug else kind, data, by)
    require(question.actor, definitions.CHANGE)
    sentence = sentence.strip()[:LONGEST]
    present = _present(kind, slug, question.actor)
    schema = definitions.kinds()[kind].model.model_json_schema()
    fields = _fields() if "Comparison" in schema.get("$defs", {}) else []
    messages = rules.draft_messages(known[kind], schema, fields, _example(kind), sentence, present)
    asked = question.put(messages)
    try:
        found = _document(kind, asked.text, slug)
    except MaropsError as fault:
        messages = [*messages, {"role": "assistant", "content": asked.text}, rules.faults_message(_faults(fault))]
        asked = question.put(messages)
        found = _second(kind, asked.text, slug)
    name, document = found
    reason = f"{sentence[:300]} – {asked.origin(DRAFT)}"
    row = definitions.draft(
        actor=question.actor, kind=kind, slug=slug or _free(kind, name), document=document, reason=reason
    )
    return row, question


def _present(kind: str, slug: str, actor: Actor) -> Mapping[str, Any] | None:
    """The document that is to be changed, where one of this name is here.

    Raises MaropsError `not-allowed` where it holds what an AI does not see, such as pay: it would come back without.
    """
    found = definitions.versions(kind, slug) if slug else []
    if not found:
        return None
    if dict(definitions.seen_by(actor, found[0])) != found[0].document:
        raise MaropsError(NOT_ALLOWED, _("%(ref)s holds what an AI does not see.") % {"ref": found[0].pinned})
    document: Mapping[str, Any] = found[0].document
    return document


def _document(kind: str, text: str, slug: str) -> tuple[str, dict[str, Any]]:
    try:
        told = rules.document_in(text)
    except Nonsense as fault:
        raise MaropsError(NONSENSE, str(fault)) from None
    document, name = told.get("document"), slug or str(told.get("slug") or kind)
    if not isinstance(document, dict):
        raise MaropsError(NONSENSE, _("Its answer has no key “document”."))
    definitions.check_name(kind, name)
    return name, definitions.checked(kind, document)


def _second(kind: str, text: str, slug: str) -> tuple[str, dict[str, Any]]:
    """The corrected document; what is wrong with that one too ends it."""
    try:
        return _document(kind, text, slug)
    except MaropsError as fault:
        said = _("It was told what is wrong, and its second try has faults too: %(faults)s")
        raise MaropsError(NONSENSE, said % {"faults": " ".join(_faults(fault))[:600]}) from None


def _faults(fault: MaropsError) -> list[str]:
    lines = [f"{one.pointer or one.field}: {one.message} {one.remedy}".strip() for one in fault.errors]
    return [line[:300] for line in lines] or [str(fault)[:600]]


def _free(kind: str, name: str) -> str:
    """A short name that no other definition has: what is here already is not written over unasked."""
    taken = set(Definition.objects.filter(kind=kind, slug__startswith=name).values_list("slug", flat=True))
    return next(one for one in (name, *(f"{name}-{number}" for number in range(2, 1_000))) if one not in taken)


def _fields() -> list[str]:
    """What conditions may name, one a line; closely kept fields are not told."""
    told = []
    for name, one in sorted(REGISTRY.fields().items()):
        if one.retired or one.field_class not in (FieldClass.NORMAL, FieldClass.PERSONAL):
            continue
        choices = one.known_choices() if isinstance(one.choices, tuple) else ()
        values = f": {', '.join(choice.value for choice in choices[:30])}" if choices else ""
        told.append(f"{name} ({one.type}, {one.label}){values}")
    return told[:400]


def _example(kind: str) -> Mapping[str, Any] | None:
    """A document of this kind that every workspace starts with."""
    for filler in ports.starters:
        for one in filler.value:
            if one.kind == kind:
                return one.document  # type: ignore[no-any-return]  # a starter's own
    return None


# --- Vocabularies -----------------------------------------------------------------------------------------------------


def word_fields() -> dict[str, str]:
    """The fields whose values may be agreed upon: none that tells of one person."""
    known = REGISTRY.fields()
    own = {
        name: one.label
        for name, one in known.items()
        if name.startswith("contact.custom.")
        and one.type in (FieldType.TEXT, FieldType.CHOICE)
        and one.field_class is FieldClass.NORMAL
    }
    return {f"contact.{one}": known[f"contact.{one}"].label for one in WORD_FIELDS if f"contact.{one}" in known} | own


def draft_words(person: str, field: str, sentence: str, *, by: str = PERSON) -> tuple[Definition, Question]:
    """A rule of data quality with the words that a field should hold, made of those that occur often."""
    known = word_fields()
    if field not in known:
        raise MaropsError(INVALID, errors=[FieldError("unknown", _("Choose one of the fields."), field="field")])
    question = Question(WORDS, person, field, by=by)
    require(question.actor, definitions.CHANGE)
    require(question.actor, SEE_LEADS)
    values = _often(field)
    asked = question.put(rules.words_messages(known[field], values, sentence.strip()[:LONGEST]))
    words, means = _agreed(asked.text, [value for value, _count in values])
    document = _words_rule(known[field], field, words, means)
    slug = _free("quality", "words-" + field.rpartition(".")[2].replace("_", "-"))
    reason = f"{sentence.strip()[:300]} – {asked.origin(WORDS)}".removeprefix(" – ")
    row = definitions.draft(actor=question.actor, kind="quality", slug=slug, document=document, reason=reason)
    return row, question


def _often(field: str) -> list[tuple[str, int]]:
    """The values of a field that occur often, the most frequent first."""
    column = field.removeprefix("contact.").replace("custom.", "custom__")
    rows = Contact.objects.values(column).annotate(n=Count("pk")).filter(n__gte=OFTEN).order_by("-n", column)
    found = [(one[column], one["n"]) for one in rows[:_MOST_VALUES]]
    return [(value[:80], count) for value, count in found if isinstance(value, str) and value.strip()]


def _agreed(text: str, seen: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The words, and what other spellings mean. Raises MaropsError `assistant-nonsense` where there are none."""
    try:
        told = rules.document_in(text)
    except Nonsense as fault:
        raise MaropsError(NONSENSE, str(fault)) from None
    given = told.get("values")
    plain = [" ".join(one.split())[:80] for one in given if isinstance(one, str)] if isinstance(given, list) else []
    words = list(dict.fromkeys(one for one in plain if one))[:40]
    if not words:
        raise MaropsError(NONSENSE, _("Its answer names no words."))
    means = told.get("means") if isinstance(told.get("means"), dict) else {}
    found = {name: value for name, value in (means or {}).items() if name in seen and value in words and name != value}
    return words, found


def _words_rule(label: str, field: str, words: Sequence[str], means: Mapping[str, str]) -> dict[str, Any]:
    spelt = "; ".join(f"{name} → {value}" for name, value in list(means.items())[:40])
    remedy = _("Use one of: %(words)s.") % {"words": ", ".join(words)}
    return {
        "title": _("%(field)s is none of our words") % {"field": label}, "dimension": "consistency", "severity": "low",
        "remedy": remedy + (_(" Other spellings: %(spelt)s.") % {"spelt": spelt} if spelt else ""),
        "when": {"all": [{"field": field, "is_filled": True}, {"field": field, "not_in": list(words)}]},
    }  # fmt: skip


# --- Columns of a file ------------------------------------------------------------------------------------------------


def propose_columns(person: str, plan: Plan, held: str, *, by: str = PERSON) -> tuple[dict[int, str], int, Question]:
    """Where the columns of a file go, by their number; and how many proposals could not be used.

    The model sees headings alone. Nothing is kept: the proposal is shown where columns are mapped.
    """
    question = Question(COLUMNS, person, "import", by=by)
    headers = [rules.harmless(one.name) for one in plan.columns]
    asked = question.put(rules.columns_messages(headers, targets_for(plan.table), held))
    try:
        told = rules.document_in(asked.text).get("columns")
    except Nonsense as fault:
        raise MaropsError(NONSENSE, str(fault)) from None
    lines = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    given = {
        one["number"]: one["target"]
        for one in lines
        if isinstance(one.get("number"), int) and isinstance(one.get("target"), str)
    }
    if not given:
        raise MaropsError(NONSENSE, _("Its answer names no column."))
    found = usable(plan.table, len(plan.columns), given)
    return found, len(given) - len(found), question


# --- Pages ------------------------------------------------------------------------------------------------------------


def summarise(person: str, seen: Seen, *, by: str = PERSON) -> tuple[Any, Question]:
    """What a page says in a few sentences, handed in as a text of AI under the rules that hold for such."""
    subject = seen.subject
    question = Question(SUMMARY, person, subject, seen.data, by)
    asked = question.put(rules.summary_messages(seen.title, seen.text[:MOST_PAGE]), as_json=False)
    about = About(subject=subject, content="words", audience="colleagues", data=seen.data[-1], records=0)
    name = _("Summary of %(title)s") % {"title": seen.title[:200]}
    kept = propose(
        question.actor, kind="text", subject=subject, title=name, content={"text": asked.text[:8_000]}, about=about,
        prompt=SUMMARY.prompt, tokens=0, cost=Decimal(0),
    )  # fmt: skip
    return kept, question
