"""How records are joined, told: what agreement is worth by the models, and a survivorship rule on real pairs."""

import math
from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from marops.domains.accounts.public import mask
from marops.domains.contacts.fields import CONTACT
from marops.domains.contacts.models import Contact
from marops.domains.contacts.queries.matching import identity, survivorship
from marops.domains.contacts.queries.pairs import LABELS, waiting
from marops.domains.contacts.rules.identity import KEEPS, SLUGS, WAYS, Kind, Survivorship
from marops.domains.contacts.rules.survival import stays, taken
from marops.kernel.actors import Actor
from marops.kernel.definitions import versions
from marops.kernel.permissions import grants

_TRIED: Final = 20


def in_words(rule: Survivorship) -> str:
    """A survivorship rule as sentences."""
    labels = {one.name: one.label for one in CONTACT}
    said = _("%(keep)s stays and takes what it lacks. Where both say something, %(way)s counts.") % {
        "keep": str(KEEPS[rule.keep])[:1].upper() + str(KEEPS[rule.keep])[1:], "way": WAYS[rule.values]
    }  # fmt: skip
    others = [f"{labels.get(name, name)}: {WAYS[way]}" for name, way in rule.fields.items()]
    return f"{said} {'; '.join(others)}." if others else said


def proposed_rule(given: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a survivorship rule from what a form says; what stands for single fields stays."""
    now = survivorship()[0]
    trust = [one.strip() for one in given["trust"].split(",") if one.strip()]
    changed = {"keep": given["keep"], "values": given["values"], "trust": trust}
    return now.model_dump(mode="json", exclude_none=True) | changed


def previewed(actor: Actor, document: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Pairs that wait, with what would stay by the rule in force, and by another where one is given."""
    now = survivorship()[0]
    then = Survivorship.model_validate(document) if document else now
    hide, labels = mask("personal", grants(actor)), {one.name: one for one in CONTACT}
    found = []
    for pair in waiting(actor, "person", _TRIED):
        rows = [_row(which) for which in (pair.keep, pair.gone)]
        before, after = (_outcome(rows, rule) for rule in (now, then))
        changes = [
            {"field": one.label, "before": _say(before[name], hide, one), "after": _say(after[name], hide, one)}
            for name, one in labels.items() if before.get(name) != after.get(name)
        ]  # fmt: skip
        found.append({"keep": after["ref"], "before": before["ref"], "pair": pair, "changes": changes})
    return found


def _outcome(rows: list[dict[str, Any]], rule: Survivorship) -> dict[str, Any]:
    winner, loser = rows if stays(rows[0], rows[1], rule) else reversed(rows)
    return winner | taken(winner, loser, rule) | {"ref": f"L-{winner['number']}"}


def _row(one: Any) -> dict[str, Any]:
    return {field.attname: getattr(one, field.attname) for field in Contact._meta.concrete_fields}


def _say(value: Any, hide: Any, one: Any) -> str:
    if value is None:
        return "–"
    return str(hide(value)) if one.personal else str(value)


def versions_told() -> list[dict[str, Any]]:
    """The models of people and companies: which is in force, which is newer, and what agreement is worth by it."""
    return [_model(of) for of in ("person", "company")]


def _model(of: Kind) -> dict[str, Any]:
    model, pinned = identity(of)
    newest = next(iter(versions("identity", SLUGS[of])), None)
    lesson = model.learnt
    return {
        "of": of, "title": model.title, "pinned": pinned, "version": pinned.rpartition("@")[2],
        "merge_at": model.merge_at, "review_at": model.review_at, "shared_by": model.shared_by,
        "automatic": model.automatic, "learnt": lesson, "slug": SLUGS[of],
        "newer": newest if newest and newest.pinned != pinned else None,
        "compared": list(dict.fromkeys(str(LABELS[role]) for role in model.roles.values())),
        "worth": _worth(lesson.fields) if lesson else [],
    }  # fmt: skip


def _worth(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Field → bits where it is equal, and where it is different."""
    return [
        {"label": str(LABELS.get(name.removeprefix("f_"), name)), "equal": math.log2(shares[0][0] / shares[0][1]),
         "different": math.log2(shares[-1][0] / shares[-1][1])}
        for name, shares in fields.items() if min(shares[0]) > 0 and min(shares[-1]) > 0
    ]  # fmt: skip
