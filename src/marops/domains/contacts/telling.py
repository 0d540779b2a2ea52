"""Two records side by side: what each says, and what the one that stays would say."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from marops.domains.accounts.public import mask
from marops.domains.contacts.fields import COMPANY, CONTACT
from marops.domains.contacts.models import Contact
from marops.domains.contacts.queries.matching import survivorship
from marops.domains.contacts.queries.pairs import Pair
from marops.domains.contacts.rules.survival import Rule, taken
from marops.domains.contacts.story import custom_labels, in_words, label
from marops.kernel.actors import Actor
from marops.kernel.permissions import grants


@dataclass(frozen=True, slots=True)
class Line:
    """A field: what both records say, what would be said afterwards, whether they differ, and from whom it comes."""

    label: str
    keep: str
    gone: str
    after: str
    differs: bool
    taken: bool


def side_by_side(actor: Actor, keep: Contact, gone: Contact, rule: Rule) -> list[Line]:
    """The fields that one of them says anything in, in the order of the lead's page, by a survivorship rule."""
    hide = mask("personal", grants(actor))
    return [*_standard(keep, gone, hide, rule), *_custom(keep, gone)]


def lines_of(actor: Actor, pair: Pair) -> list[Line]:
    """The same of a pair that may be one, of people or of companies, the record that would stay first."""
    if isinstance(pair.keep, Contact) and isinstance(pair.gone, Contact):
        return side_by_side(actor, pair.keep, pair.gone, survivorship()[0])
    return list(_companies(pair.keep, pair.gone))


def _companies(keep: Any, gone: Any) -> Iterator[Line]:
    for one in COMPANY:
        mine, theirs = getattr(keep, one.name), getattr(gone, one.name)
        if mine is not None or theirs is not None:
            says, other = ("" if each is None else str(each) for each in (mine, theirs))
            yield Line(one.label, says, other, says or other, differs=mine != theirs, taken=mine is None)


def _standard(keep: Contact, gone: Contact, hide: Any, rule: Rule) -> Iterator[Line]:
    columns = [one.attname for one in Contact._meta.concrete_fields]
    winner, loser = ({name: getattr(each, name) for name in columns} for each in (keep, gone))
    over = taken(winner, loser, rule)
    for one in CONTACT:
        mine, theirs = getattr(keep, one.name), getattr(gone, one.name)
        if mine is None and theirs is None:
            continue
        after = over.get(one.name, mine)
        said = ["" if each is None else in_words(one.name, each) for each in (mine, theirs, after)]
        says, other, then = (str(hide(each)) if one.personal and each else str(each) for each in said)
        yield Line(one.label, says, other, then, differs=mine != theirs, taken=one.name in over)


def _custom(keep: Contact, gone: Contact) -> Iterator[Line]:
    labels = custom_labels()
    for slug in sorted({*keep.custom, *gone.custom}):
        mine, theirs = keep.custom.get(slug), gone.custom.get(slug)
        says, other = ("" if each is None else str(in_words(slug, each)) for each in (mine, theirs))
        after = says if mine is not None else other
        yield Line(label(f"custom.{slug}", labels), says, other, after, differs=mine != theirs, taken=mine is None)
