"""Words as the vocabularies in force say, on rows that come in: before they are matched, whatever brought them."""

from collections.abc import Sequence
from typing import Any

from marops.domains.contacts.queries.words import arrays_of, in_force
from marops.domains.contacts.rules.vocabularies import CUSTOM, Vocabulary
from marops.kernel.actions import Act


def standardise(act: Act, cursor: Any, columns: Sequence[str]) -> None:
    """Give the rows in the temporary table `incoming` the words in force, inside an act that writes people.

    What came in is kept in `originals`, unless something is kept there already.
    """
    changed = sum(_field(cursor, one, frozenset(columns)) for one in in_force().values() if one.terms)
    if changed:
        act.count(worded=changed)


def _field(cursor: Any, vocabulary: Vocabulary, columns: frozenset[str]) -> int:
    field = vocabulary.field
    own = field.startswith(CUSTOM)
    if not own and field not in columns:
        return 0
    value, sets = _own(field) if own else _standard(field, columns)
    cursor.execute(
        f"UPDATE incoming i SET {sets}, originals = jsonb_build_object(%(field)s::text, {value})"
        " || coalesce(i.originals, '{}')"
        " FROM unnest(%(said)s::text[], %(becomes)s::text[], %(follows)s::text[]) v (said, becomes, follows)"
        f" WHERE v.said = lower({value}) AND {value} <> v.becomes",
        {"field": field, **arrays_of(vocabulary)},
    )
    return int(cursor.rowcount)


def _own(field: str) -> tuple[str, str]:
    slug = field.removeprefix(CUSTOM)
    return f"i.custom ->> '{slug}'", f"custom = jsonb_set(i.custom, '{{{slug}}}', to_jsonb(v.becomes))"


def _standard(field: str, columns: frozenset[str]) -> tuple[str, str]:
    """The value that is looked up, and what is set: the field, and what follows from it."""
    value, sets = f'i."{field}"', [f'"{field}" = v.becomes']
    if field == "country":  # nobody understood it, so that only the original tells
        value = "CASE WHEN i.country IS NULL THEN btrim(i.originals ->> 'country') END"
    if field == "job_title":
        sets += [f"{one} = v.follows::jsonb ->> '{one}'" for one in ("seniority", "job_function") if one in columns]
    if field == "company_name":
        sets += [f"{one} = v.{said}" for one, said in (("company_key_", "follows"), ("company_name_", "becomes"))
                 if one in columns]  # fmt: skip
    return value, ", ".join(sets)
