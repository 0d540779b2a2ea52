import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from tests.cast import Cast

from marops.kernel import files, jobs, notices, ports, shares
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.models import Comment, Job, Notice, Problem, ShareLink
from marops.kernel.permissions import Grants
from marops.kernel.shell import Change, Found, Hit, Need, ObjectKind, objects


@jobs.job("test.pages", title="Test {name}")
def _job(run: jobs.JobRun) -> Iterator[jobs.Step]:
    for number in range(1, 4):
        if run.arguments.get("fails"):
            raise RuntimeError("ann@example.com is broken")
        yield jobs.Progress(number, 3, "counting"), {"number": number}
    run.result["counted"] = 3


def run(one: Job) -> None:
    claimed = jobs.claim(now(), job_id=one.id)
    assert claimed
    jobs.run(claimed)


@pytest.mark.django_db
def test_a_job_is_watched_to_its_end(cast: Cast) -> None:
    one = jobs.start_job("test.pages", {"name": "twelve"}, actor=cast.actor("hanna"))
    client = cast.client("hanna")
    waiting = client.get(f"/jobs/{one.ref}").content.decode()
    assert f'hx-get="/jobs/{one.ref}/progress"' in waiting
    assert f"/jobs/{one.ref}/stop" in waiting
    run(one)
    done = client.get(f"/jobs/{one.ref}").content.decode()
    assert "It is done: 3 rows." in done
    assert "hx-get" not in re.sub(r"<head>.*</head>", "", done, flags=re.DOTALL)
    polled = client.get(f"/jobs/{one.ref}/progress", headers={"HX-Request": "true"})
    assert polled["HX-Refresh"] == "true"


@pytest.mark.django_db
def test_a_failed_job_says_why_and_goes_on_when_asked(cast: Cast) -> None:
    one = jobs.start_job("test.pages", {"name": "x", "fails": True}, actor=cast.actor("hanna"))
    run(one)
    client = cast.client("hanna")
    page = client.get(f"/jobs/{one.ref}").content.decode()
    assert "What was done so far is kept" in page
    assert "ann@example.com" not in page
    assert client.post(f"/jobs/{one.ref}/resume").status_code == 302
    one.refresh_from_db()
    assert one.state == "waiting"
    assert client.post(f"/jobs/{one.ref}/stop").status_code == 302
    one.refresh_from_db()
    assert one.state == "stopped"


@jobs.job("test.secret", title="Test {name}", result_for=("pay.see",))
def _secret(run: jobs.JobRun) -> Iterator[jobs.Step]:
    yield jobs.Progress(1, 1), {}
    run.result["told"] = "salaries-4711"


@pytest.mark.django_db
def test_what_came_of_a_job_is_for_who_asked_and_who_holds_its_rights(cast: Cast) -> None:
    one = jobs.start_job("test.secret", {"name": "pay"}, actor=cast.actor("hanna"))
    run(one)
    told = {who: cast.client(who).get(f"/api/v1/jobs/{one.ref}").json()["result"] for who in ("hanna", "vera", "lena")}
    assert told == {"hanna": {"told": "salaries-4711"}, "vera": {"told": "salaries-4711"}, "lena": None}
    assert "4711" in cast.client("hanna").get(f"/jobs/{one.ref}").content.decode()
    assert "4711" not in cast.client("lena").get(f"/jobs/{one.ref}").content.decode()
    assert "4711" not in cast.client("lena").get("/api/v1/jobs").content.decode()
    assert not jobs.opens_result(one, cast.actor("hanna"), Grants(by_key=True)), "a key is not who asked"


@pytest.mark.django_db
def test_people_with_the_scope_own_see_their_own_jobs(cast: Cast) -> None:
    jobs.start_job("test.pages", {"name": "of Hanna"}, actor=cast.actor("hanna"))
    jobs.start_job("test.pages", {"name": "of Mina"}, actor=cast.actor("mina"))
    page = cast.client("mina").get("/jobs").content.decode()
    assert "of Mina" in page
    assert "of Hanna" not in page
    assert "of Mina" in cast.client("hanna").get("/jobs?state=waiting").content.decode()


@pytest.mark.django_db
def test_problems_come_with_their_remedy_and_are_closed(cast: Cast) -> None:
    for _ in range(3):
        notices.raise_problem("crm", "The CRM takes nothing", detail="Since 06:14.", remedy="Map the field.")
    client = cast.client("samuel")
    page = client.get("/problems").content.decode()
    for said in ("One problem needs somebody.", "The CRM takes nothing", "Map the field.", "seen 3 times"):
        assert said in page
    assert "One thing needs you" in client.get("/").content.decode()
    client.post(f"/problems/{Problem.objects.get().id}/resolve")
    assert "Nothing is broken." in client.get("/problems").content.decode()
    assert "closed by Samuel Adeyemi" in client.get("/problems?state=closed").content.decode()


@pytest.mark.django_db
def test_notices_are_read_by_their_person_only(cast: Cast) -> None:
    notices.tell(cast.hanna.id, "Your import is done", url="/jobs")
    assert "Your import is done" in cast.client("hanna").get("/notices").content.decode()
    assert "Your import is done" not in cast.client("vera").get("/notices").content.decode()
    cast.client("vera").post("/notices")
    assert Notice.objects.get().read_at is None
    cast.client("hanna").post("/notices")
    assert Notice.objects.get().read_at is not None


@pytest.mark.django_db
def test_comments_are_written_in_place_and_taken_back(cast: Cast) -> None:
    client, path = cast.client("hanna"), "/comments/access/roles"
    part = client.post(path, {"text": "<b>Good</b>"}, headers={"HX-Request": "true"}).content.decode()
    assert "&lt;b&gt;Good&lt;/b&gt;" in part
    assert "<html" not in part
    refused = client.post(path, {"text": ""}, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    one = Comment.objects.get()
    assert cast.client("priya").post(f"/comments/{one.id}/delete").status_code == 403
    assert client.post(f"/comments/{one.id}/delete").status_code == 302
    one.refresh_from_db()
    assert one.text == ""


@pytest.mark.django_db
def test_history_names_values_only_to_those_who_may_read_them(cast: Cast) -> None:
    given = {"roles": ["vp_mops"], "manager": "", "unit": "West"}
    cast.client("ada").post(f"/access/{cast.nils.ref}", given)
    path = f"/history/account/{cast.nils.id}"
    seen = cast.client("hanna").get(path).content.decode()
    assert "Ada Min" in seen
    assert "West" in seen
    masked = cast.client("lena").get(path).content.decode()  # an analyst reads no personal values
    assert "unit" in masked
    assert "West" not in masked


@pytest.mark.django_db
def test_files_go_to_their_owner_as_attachments_and_run_out(cast: Cast) -> None:
    row = files.keep(
        [b"a,b\n", b"1,2\n"], name="../../re\u2066jects.csv", actor=cast.actor("mina"), media_type="text/csv"
    )
    assert (row.size, row.name) == (8, "re\u2066jects.csv")
    assert files.path_of(row).stat().st_mode & 0o077 == 0
    answer = cast.client("mina").get(f"/files/{row.id}")
    assert b"".join(answer.streaming_content) == b"a,b\n1,2\n"
    assert answer["Content-Disposition"].startswith("attachment")
    assert cast.client("aoife").get(f"/files/{row.id}").status_code == 404
    assert cast.client("ada").get(f"/files/{row.id}").status_code == 200
    with time_machine.travel(now() + timedelta(days=31)):
        assert cast.client("mina").get(f"/files/{row.id}").status_code == 404
        assert files.sweep(now()) >= 1
    assert not files.path_of(row).exists()


@pytest.mark.django_db
def test_a_frozen_copy_opens_for_an_outsider_until_it_is_closed(cast: Cast) -> None:
    vera = cast.client("vera")
    page = vera.post("/share/access/roles", {"recipient": "Dana Reyes, Northwind", "days": "7"}).content.decode()
    link = re.search(r"/shared/[\w-]{43}", page)
    assert link
    outsider = Client()
    copy = outsider.get(link[0])
    assert copy.status_code == 200
    assert "Dana Reyes, Northwind" in copy.content.decode()
    assert b"My desk" not in copy.content
    assert outsider.post(link[0], {"text": "Who is the coordinator?"}).status_code == 302
    assert Notice.objects.get(account_id=cast.vera.id).text.startswith("Dana Reyes")
    mine = vera.get("/shares").content.decode()
    assert "Who is the coordinator?" in mine
    assert cast.client("lena").post(f"/shares/{ShareLink.objects.get().id}/revoke").status_code == 404
    vera.post(f"/shares/{ShareLink.objects.get().id}/revoke")
    assert outsider.get(link[0]).status_code == 404


@pytest.mark.django_db
def test_a_frozen_copy_stays_as_it_was_and_runs_out(cast: Cast) -> None:
    row, secret = shares.make_share(
        actor=cast.actor("vera"), object_type="access", object_id="roles", recipient="Dana", days=7
    )
    assert secret not in str(ShareLink.objects.values().get())
    ShareLink.objects.update(html="<p>frozen</p>")
    assert b"<p>frozen</p>" in Client().get(f"/shared/{secret}").content
    with time_machine.travel(row.expires_at + timedelta(seconds=1)):
        assert Client().get(f"/shared/{secret}").status_code == 404


@pytest.mark.django_db
def test_people_are_not_shared(cast: Cast) -> None:
    answer = cast.client("vera").get(f"/share/account/{cast.hanna.id}")
    assert answer.status_code == 409
    with pytest.raises(MaropsError, match="cannot be shared"):
        shares.make_share(
            actor=cast.actor("ada"), object_type="account", object_id=str(cast.hanna.id), recipient="Dana", days=7
        )


@pytest.fixture
def one_filler(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(actor, words, limit):
        return [Hit("Lead", "Northwind Traders", "/leads/L-1", "L-1")] if "north" in words else []

    def desk(actor, as_of):
        yield Need("Soon", "/a", "Do it", urgency="soon", due=as_of)
        yield Need("Late", "/b", "Do it now", urgency="late")
        yield Change(as_of, "A route became active", by="Priya Raman", by_kind="human")

    for port, value in (
        (ports.search, found),
        (ports.desk, desk),
        (objects, ObjectKind("X", lambda a, i: Found(i, "/x"))),
    ):
        monkeypatch.setattr(port, "_fillers", {})
        port.fill("promises", value)  # a name that the manager's desk asks for


@pytest.mark.django_db
def test_search_offers_objects_commands_and_pages(cast: Cast, one_filler: None) -> None:
    client = cast.client("ada")
    part = client.get("/search?q=north", headers={"HX-Request": "true"}).content.decode()
    assert 'role="option"' in part
    assert 'href="/leads/L-1"' in part
    assert "<html" not in part
    page = client.get("/search?q=invi").content.decode()
    assert "Invite somebody" in page
    assert "Invite somebody" not in cast.client("hanna").get("/search?q=invi").content.decode()
    assert "Access" in client.get("/search?q=acc").content.decode()
    assert "Nothing is called" in client.get("/search?q=zzzz").content.decode()


@pytest.mark.django_db
def test_the_desk_has_three_bands_the_latest_promise_first(cast: Cast, one_filler: None) -> None:
    page = cast.client("hanna").get("/").content.decode()
    assert "Two things need you, one of them at once." in page
    assert page.index("Late") < page.index("Soon")
    for said in ("A route became active", "Priya Raman"):
        assert said in page


@pytest.mark.django_db
def test_navigation_shows_what_one_may_open(cast: Cast) -> None:
    ada, nils = (cast.client(name).get("/account").content.decode() for name in ("ada", "nils"))
    assert 'href="/access"' in ada
    assert 'href="/access"' not in nils


def test_healthz_says_whether_the_database_answers(db: None) -> None:
    assert Client().get("/healthz").json() == {"ok": True, "database": True}
