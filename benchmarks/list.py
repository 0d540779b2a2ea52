"""The list of leads: `uv run python benchmarks/list.py --leads 1000000`.

Prints how long the page takes with two filters and a sort (the 95th of a hundred requests, rendered by Django) and how
many statements it sends, each against its limit.
"""

import argparse
from collections.abc import Callable

from ground import fill, told, workspace

PAGES = {
    "MQLs of a source by score": "?stage=mql&source=referral&sort=-score",
    "grade A of a queue, newest first": "?grade=A&owner=unassigned-leads&sort=-newest",
    "leads of a source by name": "?stage=lead&source=event&sort=name",
    "everybody by score": "?sort=-score",
    "the tenth page of MQLs": "?stage=mql&sort=-score&page=10",
    "a word and a stage": "?q=company+4711&stage=lead&sort=-score",
}


def main() -> None:
    """Fill a workspace, ask each page a hundred times, print."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--leads", type=int, default=1_000_000)
    given.add_argument("--times", type=int, default=100)
    given.add_argument("--keep", default="", help="a folder to fill once and use again")
    options = given.parse_args()
    with workspace(options.keep) as session:
        fill(session, leads=options.leads)
        measure(options.times)


def measure(times: int) -> None:
    """Ask as an administrator who is signed in."""
    from django.test import Client
    from ground import timed

    from marops.domains.accounts.public import first_sign_in_link, owner_of_last_resort

    first_sign_in_link()
    client = Client(headers={"host": "localhost"})
    person = owner_of_last_resort()
    assert person is not None
    client.force_login(person, backend="marops.domains.accounts.sign_in.ByEmail")
    for what, query in PAGES.items():
        path = f"/leads{query}"
        answer = client.get(path)
        assert answer.status_code == 200, answer.status_code
        asked = _statements(lambda path=path: client.get(path))
        seconds = timed(lambda path=path: client.get(path), times)
        print(told(f"{what} ({asked} statements of 8)", seconds[int(times * 0.95) - 1], 0.3))


def _statements(ask: Callable[[], object]) -> int:
    from django.db import connection

    sent: list[str] = []

    def count(run: Callable[..., object], sql: str, *rest: object) -> object:
        sent.append(sql)
        return run(sql, *rest)

    with connection.execute_wrapper(count):
        ask()
    return len(sent)


if __name__ == "__main__":
    main()
