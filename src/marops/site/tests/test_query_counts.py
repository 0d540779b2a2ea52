"""A page asks the database a fixed number of times, however much there is to show."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.cast import Cast

from marops.kernel import jobs, notices


@jobs.job("test.counted", title="Test {name}")
def _job(run: jobs.JobRun) -> Iterator[jobs.Step]:
    yield jobs.Progress(1, 1), {}


PAGES = {
    "/": 34,
    "/access": 8,
    "/access/roles": 4,
    "/jobs": 8,
    "/problems": 8,
    "/notices": 7,
    "/shares": 6,
    "/account": 5,
    "/account/tokens": 5,
    "/search?q=han": 14,
}


def queries_of(cast: Cast, path: str) -> list[str]:
    client = cast.client("ada")
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return [query["sql"] for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]]


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_a_page_stays_within_its_number_of_queries(cast: Cast, path: str) -> None:
    for number in range(12):
        jobs.start_job("test.counted", {"name": number}, actor=cast.actor("hanna"))
        notices.raise_problem(f"p{number}", f"Problem {number}")
        notices.tell(cast.ada.id, f"Notice {number}")
    asked = queries_of(cast, path)
    assert len(asked) <= PAGES[path], "\n".join(asked)


@pytest.mark.django_db
def test_the_shell_costs_four_queries(cast: Cast) -> None:
    asked = queries_of(cast, "/access/roles")
    assert len([sql for sql in asked if "django_session" in sql]) == 1
    assert len([sql for sql in asked if 'FROM "account"' in sql]) == 1
    assert len([sql for sql in asked if 'FROM "workspace"' in sql]) == 1
    assert len([sql for sql in asked if "FROM job" in sql]) == 1
