"""What a workspace writes in its fields of free words, which spellings could be one word, and what was accepted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.utils.translation import gettext as _

from marops.domains.contacts.fields import CONTACT
from marops.domains.contacts.models import CustomField
from marops.domains.contacts.permissions import FIX, VIEW, visible_sql
from marops.domains.contacts.queries.fixes import Proposal, preview
from marops.domains.contacts.queries.words import pinned_of, vocabulary_of
from marops.domains.contacts.rules import countries, sources
from marops.domains.contacts.rules.quality import BulkRemedy
from marops.domains.contacts.rules.remedies import Remedy, standardising_of, value_sql
from marops.domains.contacts.rules.vocabularies import CUSTOM, FIELDS, Group, key, proposals, slug_of
from marops.kernel.actors import Actor
from marops.kernel.definitions import find
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.permissions import require

MOST_VALUES = 200_000
KEPT_SECONDS = 300


def fields() -> list[str]:
    """The fields that can have a vocabulary: the standard ones, and the workspace's own of text and choice."""
    own = CustomField.objects.filter(entity="contact", retired_at=None, type__in=["text", "choice"])
    return [*FIELDS, *(f"{CUSTOM}{slug}" for slug in own.order_by("slug").values_list("slug", flat=True))]


def labels_of_fields() -> dict[str, str]:
    """What people call the fields: standard ones, and the workspace's own as `custom.<name>`."""
    own = CustomField.objects.filter(entity="contact").values_list("slug", "label")
    return {one.name: one.label for one in CONTACT} | {f"{CUSTOM}{slug}": label for slug, label in own}


def words_title(field: str) -> str:
    """What the vocabulary of a field is called."""
    return _("Words of %(field)s") % {"field": labels_of_fields().get(field, field)}


def checked_field(name: str) -> str:
    """The field under this name or short name. Raises MaropsError `not-found`."""
    text = name.strip()
    found = next((one for one in fields() if text in (one, slug_of(one), one.removeprefix(CUSTOM))), None)
    if found is None:
        raise MaropsError(
            NOT_FOUND, f"There is no field of words {name!r}.", remedy=f"Use one of {', '.join(fields())}."
        )
    return found


def counts(actor: Actor, field: str) -> dict[str, int]:
    """The distinct values of a field among those the actor may see, with how many people have each."""
    value = value_sql(field)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {value}, count(*) FROM contact c WHERE {value} IS NOT NULL AND {visible_sql(actor, alias='c')}"
            f" GROUP BY 1 ORDER BY 2 DESC LIMIT {MOST_VALUES}"
        )
        return dict(cursor.fetchall())


def groups(actor: Actor, field: str) -> list[Group]:
    """Spellings of this field that could be one word, those that move most first."""
    require(actor, VIEW)
    dictionary = {said: countries.name(code) for said, code in countries.standard().items() if len(said) > 4}
    words = dictionary if field == "country" else {}
    return proposals(field, counts(actor, field), vocabulary_of(field), words)


def group_json(field: str, one: Group) -> dict[str, Any]:
    """A proposal as REST and `--json` print it."""
    return {
        "field": field,
        "becomes": one.becomes,
        "contacts": one.count,
        "moved": one.moved,
        "sure": round(one.sure, 2),
        "spellings": [
            {"value": each.value, "contacts": each.count, "why": each.why, "sure": round(each.sure, 2)}
            for each in one.spellings
        ],
    }


def field_json(actor: Actor, field: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """A field: what is proposed, what is accepted, and how many records it would change."""
    found, vocabulary = groups(actor, field), vocabulary_of(field)
    return {
        "field": field,
        "label": labels.get(field, field),
        "definition": pinned_of(field) or None,
        "groups": [group_json(field, one) for one in found],
        "accepted": [{"becomes": term.becomes, "spellings": list(term.spellings)} for term in vocabulary.terms],
        "apart": [list(pair) for pair in vocabulary.apart],
        "to_change": waiting(actor, field) if vocabulary.terms else 0,
    }


def overview(actor: Actor, field: str = "") -> dict[str, Any]:
    """Every field with something proposed or accepted; or one field. Raises MaropsError `not-found`, `not-allowed`."""
    require(actor, VIEW)
    labels = labels_of_fields()
    wanted = [checked_field(field)] if field else fields()
    found = [field_json(actor, one, labels) for one in wanted]
    shown = [one for one in found if field or one["groups"] or one["accepted"]]
    shown.sort(key=lambda one: -sum(each["moved"] for each in one["groups"]))
    return {
        "spellings": sum(len(each["spellings"]) for one in shown for each in one["groups"]),
        "words": sum(len(one["groups"]) for one in shown),
        "records": sum(each["moved"] for one in shown for each in one["groups"]),
        "fields": shown,
    }


def kept_overview(actor: Actor) -> dict[str, Any]:
    """The same for a desk or a front page: at most five minutes old."""
    found: dict[str, Any] = cache.get_or_set(f"vocabularies:{actor.id}", lambda: overview(actor), KEPT_SECONDS) or {}
    return found


def find_group(actor: Actor, field: str, word: str) -> Group:
    """The proposal for a word. Raises MaropsError `not-found`."""
    for one in groups(actor, field):
        if key(one.becomes) == key(word):
            return one
    raise MaropsError(NOT_FOUND, f"Nothing is proposed to become {word!r} in {field}.")


@dataclass(frozen=True, slots=True)
class OfVocabulary(Proposal):
    """The words of a vocabulary in force, for everybody who has one of its spellings."""

    @property
    def remedy(self) -> Remedy:
        """What the registry knows of words."""
        return standardising_of(self.bulk.field or "")

    def among(self) -> tuple[str, str]:
        """Everybody with a spelling that is another word now."""
        return "contact c", f"v.becomes IS NOT NULL AND {value_sql(self.bulk.field or '')} <> v.becomes"


def standardising(field: str) -> OfVocabulary:
    """The change of existing records to the words in force. Raises MaropsError `not-found` where none are."""
    pinned = pinned_of(field)
    if not pinned:
        raise MaropsError(NOT_FOUND, f"No word of {field} was accepted yet.", remedy="Accept a proposal first.")
    return OfVocabulary(find(pinned), BulkRemedy(do="standardise", field=field))


def waiting(actor: Actor, field: str) -> int:
    """How many records still have a spelling that was accepted as another word."""
    sql, params = standardising(field).sql(actor)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({sql}) p WHERE skipped IS NULL", params)
        return int(cursor.fetchone()[0])


def preview_words(actor: Actor, field: str) -> dict[str, Any]:
    """What applying a vocabulary to existing records would do: how many, twenty before and after."""
    require(actor, FIX)
    return preview(actor, standardising(field))


def in_words(field: str, value: str) -> str:
    """A word as people read it: sources by name."""
    return sources.label(value) if field == "source" else value
