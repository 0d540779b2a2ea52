from datetime import timedelta

import pytest

from marops.domains.capture.models import Import
from marops.domains.capture.queries import desk
from marops.kernel.clock import now

pytestmark = pytest.mark.django_db


def _import(number: int, days_ago: float, actor: str) -> Import:
    return Import.objects.create(
        number=number, file_name=f"{number}.csv", sha256="", size=1, state="done", actor_kind="human", actor_id=actor,
        counts={"rows": 3, "created": 2, "updated": 1, "unchanged": 0, "rejected": 0},
        ended_at=now() - timedelta(days=days_ago),
    )  # fmt: skip


def test_the_desk_tells_the_imports_of_the_week_to_those_who_may_import(cast):
    _import(1, 9, str(cast.hanna.id))
    _import(2, 1, str(cast.hanna.id))
    (told,) = desk(cast.actor("samuel"), now())
    assert (told.what, told.by, told.moved) == ("2.csv was imported", "Hanna Lindqvist", "2 new leads, 1 changed")
    assert told.url == "/imports/I-2"
    assert not list(desk(cast.actor("nils"), now()))
