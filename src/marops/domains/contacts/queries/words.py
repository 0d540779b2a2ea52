"""Vocabularies in force: what spellings of a field become, as the arrays that SQL joins."""

import json
from collections.abc import Mapping

from marops.domains.contacts.rules import countries, sources, titles
from marops.domains.contacts.rules.companies import key as company_key
from marops.domains.contacts.rules.vocabularies import Vocabulary, slug_of
from marops.kernel.definitions import active, load


def in_force() -> dict[str, Vocabulary]:
    """The vocabularies in force by field."""
    found: list[Vocabulary] = [load(row) for row in active("vocabulary")]
    return {one.field: one for one in found}


def vocabulary_of(field: str) -> Vocabulary:
    """The vocabulary of a field; an empty one where nothing was accepted yet."""
    return in_force().get(field) or Vocabulary(field=field)


def pinned_of(field: str) -> str:
    """The pinned name of the vocabulary in force; empty where there is none."""
    return next((row.pinned for row in active("vocabulary") if row.slug == slug_of(field)), "")


def stored(field: str, word: str) -> str:
    """A word as its field keeps it: the code of a country or source."""
    if field == "country":
        return countries.normalise(word) or word
    return (sources.normalise(word) or word) if field == "source" else word


def follows(field: str, word: str) -> str:
    """What follows from a word: seniority and function of a title as JSON; the key of a company; else nothing."""
    if field == "job_title":
        told = titles.read(word)
        return json.dumps({"seniority": told.seniority, "job_function": told.function})
    return company_key(word) if field == "company_name" else "{}"


def arrays_of(vocabulary: Vocabulary) -> Mapping[str, list[str]]:
    """`said`, `becomes` and `follows`, place by place."""
    words = vocabulary.becomes
    kept = {said: stored(vocabulary.field, word) for said, word in words.items()}
    return {
        "said": list(kept),
        "becomes": list(kept.values()),
        "follows": [follows(vocabulary.field, word) for word in words.values()],
    }
