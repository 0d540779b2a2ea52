from uuid import UUID

import pytest
from django.db import connection

from marops.engine.asking import facts_about, query_engine
from marops.engine.tests.engineground import STAGES, Ground
from marops.kernel.clock import now

pytestmark = pytest.mark.django_db(transaction=True)


def _both(one: UUID) -> tuple[int, int]:
    """How many facts about one person: by the query made for one, and by the function for many."""
    engine = query_engine()
    quick = engine.rows(f"SELECT DISTINCT id, contact_id FROM ({facts_about(one)})")
    assert {row["contact_id"] for row in quick} <= {one}
    many = engine.rows("SELECT DISTINCT id, contact_id FROM facts_of([?]::UUID[])", [one])
    assert sorted(quick, key=str) == sorted(many, key=str)
    return len(quick), len(many)


def test_facts_about_one_person_are_those_under_all_their_ids(ground: Ground):
    person, browser, phone = ground.touch(3)
    ground.drain()
    each = len(STAGES)
    for moved in (False, True):
        if moved:
            ground.engine().run_until_idle()
        with connection.cursor() as cursor:
            assert _both(person)[0] == each
            cursor.execute(
                "INSERT INTO contact_alias VALUES (%s, %s, %s, 'merge'), (%s, %s, %s, 'merge')",
                [browser, person, now(), phone, browser, now()],
            )
            assert _both(person)[0] == 3 * each
            assert _both(browser)[0] == 0
            cursor.execute("INSERT INTO erased_contact VALUES (%s, %s)", [browser, now()])
            assert _both(person)[0] == 2 * each
            cursor.execute("INSERT INTO erased_contact VALUES (%s, %s)", [person, now()])
            assert _both(person)[0] == 0
            cursor.execute("DELETE FROM erased_contact; DELETE FROM contact_alias")
