"""Every URL, opened as every named user and as nobody. A URL that nobody declared fails."""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from tests.cast import NOBODY, PEOPLE, Cast, Expect, World

from marops.kernel import files, jobs, notices
from marops.kernel.comments import write_comment
from marops.kernel.models import Problem
from marops.kernel.permissions import grants
from marops.kernel.shares import make_share
from marops.site.urls import PARTS


def slow(one: str) -> pytest.ParameterSet:
    return pytest.param(one, marks=pytest.mark.slow)


def patterns(found: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for one in found:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from patterns(one.url_patterns, route)
        else:
            yield route


def declarations() -> Iterator[ModuleType]:
    for name in ("marops.site", *PARTS):
        if find_spec(f"{name}.tests") and find_spec(f"{name}.tests.access"):
            yield import_module(f"{name}.tests.access")


EXPECT: dict[str, Expect] = {url: one for module in declarations() for url, one in module.EXPECT.items()}
URLS = sorted(set(patterns(get_resolver().url_patterns)))


def test_every_url_says_who_may_open_it() -> None:
    unknown = [url for url in URLS if url not in EXPECT]
    gone = [url for url in EXPECT if url not in URLS]
    assert not unknown, f"add these to EXPECT in the tests/access.py of their domain: {unknown}"
    assert not gone, f"these URLs do not exist any more: {gone}"


@jobs.job("test.nothing", title="Nothing at all")
def _nothing(run: jobs.JobRun) -> Iterator[jobs.Step]:
    yield jobs.Progress(1, 1), {}


@pytest.fixture
def world(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> World:
    hanna = cast.actor("hanna")
    notices.raise_problem("test", "Something failed", detail="Nobody knows why.", remedy="Look at it.")
    share, secret = make_share(actor=hanna, object_type="access", object_id="roles", recipient="Dana", days=7)
    things = {
        "job": jobs.start_job("test.nothing", {}, actor=hanna),
        "problem": Problem.objects.get(),
        "file": files.keep([b"a,b\n"], name="rejects.csv", actor=hanna, media_type="text/csv"),
        "comment": write_comment(actor=hanna, text="Good.", object_type="access", object_id="roles"),
        "token": _token(cast),
        "share": share,
        "secret": secret,
    }
    for module in declarations():
        # What rows of its own a domain needs, and what this test cannot have (the lake sees only what is committed).
        things |= getattr(module, "things", lambda _cast: {})(cast)
        getattr(module, "prepare", lambda _patch: None)(monkeypatch)
    return World(cast, things)


def _token(cast: Cast):
    from marops.domains.accounts.actions import make_token

    return make_token(actor=cast.actor("hanna"), name="Nightly", rights_asked=["jobs.view"], days=7)[0]


def address(url: str, expect: Expect, world: World) -> str:
    path = url
    for name, value in expect.args(world).items():
        for form in (
            f"<{name}>",
            f"<str:{name}>",
            f"<uuid:{name}>",
            f"<uuidstr:{name}>",
            f"<int:{name}>",
            f"<slug:{name}>",
        ):
            path = path.replace(form, str(value))
    assert "<" not in path, f"{url} lacks an argument"
    return f"/{path}" + (f"?{expect.query}" if expect.query else "")


def opened(world: World, name: str, *, only_refused: bool = False) -> list[tuple[str, int, int]]:
    """(path, got, expected) of what the one of this name gets and should not, or does not get and should."""
    client, held = world.cast.client(name), grants(world.cast.actor(name))
    wrong = []
    for url, expect in EXPECT.items():
        wanted = expect.answer(name, holds=expect.right is None or expect.right in held)
        if only_refused and wanted < 400:
            continue
        path = address(url, expect, world)
        if (got := client.get(path).status_code) != wanted:
            wrong.append((path, got, wanted))
    return wrong


# What is refused to most looks alike too: at first those of the least rights, and one who plans.
QUICK = ("nils", "selma", "mina", "marco", "dylan")


@pytest.mark.parametrize("name", [one if one in QUICK else slow(one) for one in PEOPLE])
@pytest.mark.django_db
def test_nobody_gets_what_is_not_theirs(name: str, world: World) -> None:
    assert not opened(world, name, only_refused=True)


# Pages look alike for most: at first, one who may almost everything opens all that is theirs.
@pytest.mark.parametrize("name", [one if one == "ada" else slow(one) for one in PEOPLE])
@pytest.mark.django_db
def test_everybody_gets_what_is_theirs(name: str, world: World) -> None:
    assert not opened(world, name)


@pytest.mark.parametrize("name", [one if one in QUICK else slow(one) for one in PEOPLE])
@pytest.mark.django_db
def test_writes_are_refused_to_those_without_the_right(name: str, world: World) -> None:
    client, held = world.cast.client(name), grants(world.cast.actor(name))
    wrong = []
    for url, expect in EXPECT.items():
        if not expect.post_only or (name in ("hanna", "ada") if expect.own else not expect.right):
            continue
        if expect.own or expect.right not in held:
            path = address(url, expect, world)
            got = getattr(client, expect.method)(path, {}, content_type="application/json").status_code
            # REST looks at the body before it looks at the right; what it says of the body is public knowledge.
            if got not in ({404} if expect.own else {403, 422} if path.startswith("/api/") else {403}):
                wrong.append((path, got))
    assert not wrong, f"{name} may write: {wrong}"


@pytest.mark.django_db
def test_nobody_is_asked_to_sign_in(world: World) -> None:
    client = Client()
    wrong = []
    for url, expect in EXPECT.items():
        path = address(url, expect, world)
        rest = path.startswith("/api/")
        got = client.get(path)
        wanted = (expect.nobody or expect.status) if expect.public else (401 if rest else 302)
        if got.status_code != (405 if expect.post_only and rest else wanted):
            wrong.append((path, got.status_code))
        if not expect.public:
            posted = getattr(client, expect.method)(path, {}, content_type="application/json").status_code
            if posted not in ((401, 405) if rest else (302,)) or (expect.post_only and posted == 405):
                wrong.append((expect.method, path, posted))
    assert not wrong


@pytest.mark.django_db
def test_a_write_of_a_page_needs_the_form_of_that_page(cast: Cast) -> None:
    client = cast.client("ada", enforce_csrf_checks=True)
    assert client.post("/account/theme", {"theme": "dark"}).status_code == 403
    assert client.post("/api/v1/people", {}, content_type="application/json").status_code == 403
    assert NOBODY not in PEOPLE
