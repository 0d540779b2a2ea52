"""What people say of words: that spellings are one, that they are not, and that a word is let go of."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from marops.domains.contacts.models import QualityDay
from marops.domains.contacts.permissions import FIX
from marops.domains.contacts.queries.vocabularies import overview
from marops.domains.contacts.queries.words import vocabulary_of
from marops.domains.contacts.rules.vocabularies import Term, Vocabulary, key, slug_of
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.definitions import keep, put_in_force
from marops.kernel.errors import INVALID, NOT_FOUND, MaropsError
from marops.kernel.models import Definition
from marops.kernel.workspace import today

Words = Sequence[tuple[str, Sequence[str]]]
"""Words, each with the spellings that become it."""


@action("quality.accept_words", effect="change", right=FIX, reversible=True)
def accept_words(act: Act, *, actor: Actor, field: str, words: Words) -> Definition:
    """Put words of a field in force as its vocabulary's next version; values that come in from now on follow it.

    A spelling that became another word before becomes this one. Raises MaropsError `invalid` for words that contradict
    each other.
    """
    before = vocabulary_of(field)
    terms: dict[str, list[str]] = {term.becomes: list(term.spellings) for term in before.terms}
    for word, spellings in words:
        taken = {key(one) for one in spellings}
        if not taken:
            raise MaropsError(INVALID, f"Nothing was chosen to become {word!r}.")
        terms = {term: [one for one in said if key(one) not in taken] for term, said in terms.items()}
        # What became a spelling of this word becomes the word.
        swallowed = [one for one in terms if key(one) in taken and one != word]
        more = [said for term in swallowed for said in terms.pop(term)]
        kept = {key(one): one for one in [*terms.get(word, ()), *spellings, *more]}
        terms[word] = list(kept.values())
    apart = tuple(pair for pair in before.apart if not _joined(pair, words))
    after = Vocabulary(field=field, terms=_terms(terms), apart=apart)
    return _in_force(act, actor, after, _("Spellings accepted: %(n)s.") % {"n": sum(len(one) for _w, one in words)})


def _joined(pair: tuple[str, str], words: Words) -> bool:
    return any(key(pair[1]) == key(word) and key(pair[0]) in map(key, said) for word, said in words)


def _terms(words: dict[str, list[str]]) -> tuple[Term, ...]:
    return tuple(Term(becomes=word, spellings=tuple(sorted(said))) for word, said in sorted(words.items()) if said)


@action("quality.reject_words", effect="change", right=FIX, reversible=True)
def reject_words(act: Act, *, actor: Actor, field: str, word: str, spellings: Sequence[str]) -> Definition:
    """Keep in mind that these spellings are words of their own: they are not proposed again for this word."""
    before = vocabulary_of(field)
    apart = {(key(one), key(pair)): (one, pair) for one, pair in before.apart}
    apart |= {(key(one), key(word)): (one, word) for one in spellings}
    after = before.model_copy(update={"apart": tuple(sorted(apart.values()))})
    return _in_force(act, actor, after, _("Kept apart from %(word)s.") % {"word": word})


@action("quality.forget_words", effect="change", right=FIX, reversible=True)
def forget_words(act: Act, *, actor: Actor, field: str, word: str) -> Definition:
    """Let go of a word: its spellings are kept as they come from now on. Records that changed stay changed.

    Raises MaropsError `not-found`.
    """
    before = vocabulary_of(field)
    terms = tuple(term for term in before.terms if key(term.becomes) != key(word))
    if len(terms) == len(before.terms):
        raise MaropsError(NOT_FOUND, f"No spelling of {field} becomes {word!r}.")
    return _in_force(
        act, actor, before.model_copy(update={"terms": terms}), _("No word any more: %(word)s.") % {"word": word}
    )


def _in_force(act: Act, actor: Actor, after: Vocabulary, reason: str) -> Definition:
    row = keep(act, actor, "vocabulary", slug_of(after.field), after.model_dump(mode="json"), reason)
    if row.state != Definition.State.ACTIVE:
        put_in_force(act, row)
    act.count(words=len(after.terms))
    return row


@action("quality.count_words", effect="check")
def count_words(act: Act, *, actor: Actor, as_of: datetime) -> int:
    """Keep how many spellings could be another word as yesterday ended, by field, once. Answers how many fields."""
    day = today(as_of) - timedelta(days=1)
    if QualityDay.objects.filter(part="words", day__gte=day).exists():
        return 0
    found = overview(actor)["fields"]
    QualityDay.objects.bulk_create(
        QualityDay(
            day=day, part="words", key=one["field"], contacts=sum(len(each["spellings"]) for each in one["groups"]),
            faulty=sum(each["moved"] for each in one["groups"]),
        )
        for one in found
    )  # fmt: skip
    act.count(fields=len(found))
    return len(found)
