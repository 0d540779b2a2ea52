import hashlib
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import time_machine
from django.db import ProgrammingError, connection, transaction
from tests.cast import Cast

from marops.domains.policy import public, stages
from marops.domains.policy.jobs import EVIDENCE
from marops.domains.policy.models import AiAct, AiDraft
from marops.domains.policy.queries.verifying import Proof, verified
from marops.domains.policy.stages import day_turn
from marops.domains.policy.tests.test_policy_gate import DRAFTS, draft, policy, use
from marops.domains.policy.tests.test_policy_gate import ai as ai  # noqa: PLC0414  # the fixture
from marops.domains.policy.writing import OBJECT, act_digest, write_act
from marops.kernel import audit
from marops.kernel.clock import now
from marops.kernel.config import config
from marops.kernel.errors import MaropsError
from marops.kernel.files import path_of
from marops.kernel.ids import new_id
from marops.kernel.jobs import run_here, start_job
from marops.kernel.models import AuditPayload, AuditRow, AuditSeal, AuditSealed, Definition, File

ACT = {
    "use": "u-07", "use_version": 1, "actor": "assistant", "on_behalf_of": "x", "action": "a.b", "term": "draft",
    "verdict": "no", "reasons": ["Nö “so” \\ \"quoted\" \x01\x7f \u2028 <&> \U0001f600", "second"],
    "facts": {"zä": 1.5, "a": [1, {"y": None, "b": 10**12, "Ā": 1e-7}], "b": {}, "_": True}, "missing": None,
    "rules": [],    "subject": 'a "b"\\ \t\n c\x1f/\U0001f600',
}  # fmt: skip


def proof() -> Proof:
    return list(verified())[-1][1]


def written(number: int = 3) -> list[AiAct]:
    for _ in range(number):
        write_act({"at": now(), **ACT})
    return list(AiAct.objects.order_by("id"))


@pytest.mark.django_db
def test_a_trail_that_nobody_touched_is_whole_whatever_it_says(ai: Any) -> None:
    policy(DRAFTS)
    use()
    draft(ai)
    written()
    assert audit.seal(now(), limit=2)
    assert audit.seal(now(), limit=2)
    found = proof()
    assert (found.acts, found.seals, found.findings) == (4, 2, [])
    assert found.unsealed < 4
    for one in AuditRow.objects.all():  # both spellings of a link are the same
        AuditSealed.objects.get_or_create(audit_id=one.id, defaults={"seal": 99})
    rows = AuditRow.objects.filter(id__in=AuditSealed.objects.filter(seal=99).values("audit_id")).order_by("id")
    assert audit.links_of(99, 99)[99] == (len(rows), b"".join(audit.link(one) for one in rows))


# What somebody does who has the database in their hands, and what undoes it.
_ACT = "ai_act WHERE id = '{act}'"
_PAYLOAD = "UPDATE audit_payload SET payload = '{{\"sha256\": \"{%s}\"}}' WHERE audit_id = '{kept}'"
_DIGEST = "UPDATE audit_row SET digest = decode('{%s}', 'hex') WHERE id = '{kept}'"
_YES, _NO = (f"UPDATE ai_act SET verdict = '{word}' WHERE id = '{{act}}'" for word in ("yes", "no"))
HARM = [
    ([_YES], [_NO], "an act was changed"),
    ([_YES, _PAYLOAD % "said_yes"], [_NO, _PAYLOAD % "said_no"], "an act was changed"),
    (
        [_YES, _PAYLOAD % "said_yes", _DIGEST % "digest_yes"],
        [_NO, _PAYLOAD % "said_no", _DIGEST % "digest_no"],
        "rows were changed",
    ),
    (["CREATE TABLE away AS SELECT * FROM " + _ACT, "DELETE FROM " + _ACT],
     ["INSERT INTO ai_act SELECT * FROM away", "DROP TABLE away"], "an act was removed"),
    (["INSERT INTO ai_act SELECT (a).* FROM (SELECT jsonb_populate_record(a, '{{\"id\": \"{other}\"}}') a FROM ai_act a"
      " WHERE id = '{act}') x"], ["DELETE FROM ai_act WHERE id = '{other}'"], "an act was added"),
    (["DELETE FROM audit_row WHERE id = '{kept}'"], [], "rows were changed"),
]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_what_was_changed_removed_or_added_is_named(server: str) -> None:
    act = written()[1]
    audit.seal(now())
    kept = AuditRow.objects.get(object_type=OBJECT, object_id=str(act.id))
    salt = bytes(AuditPayload.objects.get(audit_id=kept.id).salt)
    named = {"act": act.id, "kept": kept.id, "other": new_id()}
    for verdict in ("yes", "no"):
        act.verdict = verdict
        said = act_digest(act)
        named |= {f"said_{verdict}": said, f"digest_{verdict}": audit.payload_digest(salt, {"sha256": said}).hex()}
    with psycopg.connect(server, autocommit=True) as superuser:
        for harm, undo, said in HARM:
            assert not proof().broken
            for one in harm:
                superuser.execute(one.format(**named))
            found = proof()
            assert any(one.what.startswith(said) for one in found.findings), (harm, found.findings)
            assert not found.as_json()["whole"]
            for one in undo:
                superuser.execute(one.format(**named))


@pytest.mark.django_db
def test_the_application_itself_may_not_change_an_act() -> None:
    written(1)
    if connection.settings_dict["USER"] != "marops_app":
        pytest.skip("this server has one role for everything")
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        AiAct.objects.update(verdict="yes")


def bundled(cast: Cast, ai: Any, path: Path) -> Path:
    """Acts, a draft that somebody read, and several seals."""
    policy('permit (principal, action == Action::"draft", resource) when { context.review >= 1 };')
    use(content=["words"], discloses=True, disclosure="Written with the help of AI.")
    for row in Definition.objects.all():  # as whoever wrote it would have noted it
        noted = AuditRow(id=new_id(), at=now(), action="definition.draft", effect="draft", actor_kind="person",
                         actor_id="x", object_type="definition", object_id=row.pinned, counts={})  # fmt: skip
        audit.write([(noted, {"before": None, "after": row.document})])
    written()
    draft = public.propose(ai, kind="text", subject="s", title="t", content={"text": "Dear reader"})
    public.decide(cast.actor("hanna"), draft.id, draft.sha256, True, "Fine.")
    audit.seal(now(), limit=3)
    audit.seal(now())
    written(1)
    public.evidence_here(cast.actor("hanna"), path)
    return path


@pytest.mark.django_db
def test_the_evidence_of_a_time_is_checked_without_a_workspace(cast: Cast, ai: Any, tmp_path: Path) -> None:
    path = bundled(cast, ai, tmp_path / "evidence.zip")
    with connection.execute_wrapper(lambda *_: pytest.fail("it asked the database")):
        found = public.check_bundle(path).as_json()
    assert found["findings"] == []
    assert (found["acts"], found["drafts"], found["reviews"]) == (5, 1, 1)
    assert found["last_seal"] == 4, "two, one for the acts after them, and one over the bundle itself"
    with zipfile.ZipFile(path) as kept:
        (review,) = [json.loads(line) for line in kept.read("reviews.jsonl").splitlines()]
        people = json.loads(kept.read("people.json"))
        acts = [json.loads(line)["act"] for line in kept.read("acts.jsonl").splitlines()]
    assert people[review["decisions"][0]["reviewer"]] == "Hanna Lindqvist"
    assert "Written with the help of AI." in [one["disclosure"] for one in acts]
    tomorrow = (now() + timedelta(days=2)).date().isoformat()
    assert public.evidence_here(cast.actor("hanna"), path, since=tomorrow)["counts"]["acts"] == 0
    assert public.evidence_here(cast.actor("hanna"), path, use="u-99")["counts"]["acts"] == 0
    with pytest.raises(MaropsError, match="no day"):
        public.evidence_here(cast.actor("hanna"), path, until="June")
    with pytest.raises(MaropsError, match="right"):
        public.evidence_here(cast.actor("mina"), path)


def lines(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[bytes], bytes]:
    return lambda data: b"".join(change(data.splitlines(keepends=True)))


def instead(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new, 1)

    return change


def unsealed(data: bytes) -> bytes:
    """One more act, noted after the last seal as it seems."""
    line = json.loads(data.splitlines()[-1])
    line["act"]["id"] = line["audit"]["object_id"] = str(new_id())
    line["audit"] |= {"id": str(new_id()), "seal": None, "place": None}
    line["audit"]["counts"] = {name: number + 1 for name, number in line["audit"]["counts"].items()}
    said = {"sha256": hashlib.sha256(audit.canonical(line["act"])).hexdigest()}
    line["audit"]["digest"] = audit.payload_digest(bytes.fromhex(line["audit"]["salt"]), said).hex()
    return data + audit.canonical(line) + b"\n"


FORGED: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("acts.jsonl", instead(b'"verdict":"no"', b'"verdict":"yes"'), "an act was changed"),
    ("acts.jsonl", instead(b'"actor_id":"assistant"', b'"actor_id":"somebody"'), "the audit's row of an act"),
    ("acts.jsonl", lines(lambda all_: all_[1:]), "an act was left out"),
    ("acts.jsonl", lines(lambda all_: [*all_[:2], *all_[3:]]), "an act was left out"),
    ("acts.jsonl", lines(lambda all_: all_[:-1]), "an act was left out"),
    ("acts.jsonl", lines(lambda all_: [*all_, all_[-1]]), "a number was given twice"),
    ("acts.jsonl", unsealed, "the audit's row of an act"),
    ("seals.jsonl", instead(b'"rows":3', b'"rows":2'), "rows under a seal"),
    ("seals.jsonl", lines(lambda all_: all_[:-1]), "the audit's row of this bundle"),
    ("seals.jsonl", lines(lambda all_: [all_[0], *all_[2:]]), "the chain is broken"),
    ("drafts.jsonl", instead(b"Dear reader", b"Dear friend"), "a draft was changed"),
    ("drafts.jsonl", instead(b'"state":"approved"', b'"state":"declined"'), "what became of a draft"),
    ("drafts.jsonl", instead(b'"needed":1', b'"needed":2'), "what a draft needed"),
    ("reviews.jsonl", instead(b'"content_sha256":"', b'"content_sha256":"0'), "a review is of something else"),
    ("reviews.jsonl", instead(b'"approved":true', b'"approved":false'), "a decision is not the one"),
    ("reviews.jsonl", instead(b'"comment":"Fine."', b'"comment":"Bad."'), "the words of a decision"),
    ("reviews.jsonl", lambda data: audit.canonical(json.loads(data) | {"decisions": []}), "a decision was left"),
    ("definitions.jsonl", instead(b"Draft definitions", b"Draft anything"), "a definition was changed"),
    ("notes.jsonl", instead(b'"approved":true', b'"approved":false'), "a note of the audit was changed"),
    ("notes.jsonl", lambda _: b"", "a definition is not one that the audit noted"),
    ("proof.json", instead(b'"acts": 5', b'"acts": 4'), "the audit's row of this bundle"),
    ("README.txt", instead(b"not legal advice", b"legal advice"), "the manifest is not the one"),
    ("more.txt", lambda _: b"!", "a file was added"),
]  # fmt: skip


def forged(path: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """The bundle with a file changed, and with a manifest to match."""
    with zipfile.ZipFile(path) as kept, zipfile.ZipFile(path.with_name("forged.zip"), "w") as out:
        files = {one: kept.read(one) for one in kept.namelist()}
        files[name] = change(files.get(name, b""))
        manifest = json.loads(files["manifest.json"])
        if name in manifest["files"]:
            manifest["files"][name] = hashlib.sha256(files[name]).hexdigest()
            files["manifest.json"] = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
        for one, data in files.items():
            out.writestr(one, data)
    return path.with_name("forged.zip")


@pytest.mark.django_db
def test_a_forged_bundle_is_found_out_even_with_a_manifest_to_match(cast: Cast, ai: Any, tmp_path: Path) -> None:
    path = bundled(cast, ai, tmp_path / "evidence.zip")
    for name, change, said in FORGED:
        found = public.check_bundle(forged(path, name, change)).as_json()
        assert any(one["what"].startswith(said) for one in found["findings"]), (name, said, found["findings"])
        assert not found["whole"]
    assert public.check_bundle(forged(path, "README.txt", lambda data: data)).as_json()["whole"]


@pytest.mark.django_db(transaction=True)
def test_a_bundle_holds_against_a_seal_that_was_noted_elsewhere(
    cast: Cast, ai: Any, tmp_path: Path, server: str
) -> None:
    path = bundled(cast, ai, tmp_path / "evidence.zip")
    for seal in AuditSeal.objects.all():
        assert public.check_bundle(path, bytes(seal.digest).hex()).as_json()["whole"]
    found = public.check_bundle(path, "0" * 64).as_json()
    assert [one["what"][:29] for one in found["findings"]] == ["no seal of it has the digest "]
    assert public.check_bundle_here(cast.actor("hanna"), path).as_json()["whole"]
    with psycopg.connect(server) as superuser:  # the application itself may not
        superuser.execute("UPDATE audit_seal SET digest = sha256(digest) WHERE number = 1")
    found = public.check_bundle_here(cast.actor("hanna"), path).as_json()
    assert [one["where"] for one in found["findings"]] == ["seal 1"]


@pytest.mark.django_db
def test_a_bundle_of_some_days_has_what_stands_before_and_after(cast: Cast, ai: Any, tmp_path: Path) -> None:
    today = now()
    for day in (-3, -2, -1, 0):
        with time_machine.travel(today + timedelta(days=day), tick=False):
            written(2)
    with time_machine.travel(today + timedelta(minutes=1), tick=False):
        days = [(today + timedelta(days=one)).date().isoformat() for one in (-2, -1)]
        path = tmp_path / "some.zip"
        public.evidence_here(cast.actor("hanna"), path, since=days[0], until=days[1])
    found = public.check_bundle(path).as_json()
    assert (found["findings"], found["acts"], found["beside"]) == ([], 4, 2)
    for change in (lambda all_: all_[1:], lambda all_: all_[:-1], lambda all_: [*all_[:3], *all_[4:]]):
        found = public.check_bundle(forged(path, "acts.jsonl", lines(change))).as_json()
        assert "an act was left out" in [one["what"] for one in found["findings"]]


@pytest.mark.django_db
def test_an_ai_refused_for_want_of_a_right_stands_in_the_trail_and_a_person_does_not(cast: Cast, ai: Any) -> None:
    policy(DRAFTS)
    use(rights=[])
    with pytest.raises(MaropsError, match="right"):
        draft(ai)
    (act,) = AiAct.objects.all()
    assert (act.action, act.term, act.verdict, act.actor) == ("definition.draft", "draft", "no", "assistant")
    assert "needs the right" in act.reasons[0]
    with pytest.raises(MaropsError, match="right"):
        draft(cast.actor("nils"))
    assert AiAct.objects.count() == 1


@pytest.mark.django_db
def test_words_that_an_ai_chose_stand_in_the_trail_by_their_digest() -> None:
    write_act({"at": now(), **ACT, "subject": "definition calendar/weekdays@1", "prompt": "draft/definition@2"})
    write_act({"at": now(), **ACT, "subject": "Selma Yildiz has a new phone", "facts": {"subject": "Call her!"}})
    named, freely = AiAct.objects.order_by("id")
    assert (named.subject, named.prompt) == ("definition calendar/weekdays@1", "draft/definition@2")
    assert freely.subject == "words:" + hashlib.sha256(b"Selma Yildiz has a new phone").hexdigest()
    assert freely.facts["subject"].startswith("words:")


@pytest.mark.django_db
def test_what_is_no_bundle_is_refused_in_words(tmp_path: Path) -> None:
    for data in (b"", b"PK", b"nonsense"):
        (tmp_path / "x.zip").write_bytes(data)
        with pytest.raises(MaropsError, match="no whole evidence bundle"):
            public.check_bundle(tmp_path / "x.zip")
    for manifest in (b"[]", b"{}", b'{"format": "marops-ai-evidence", "version": 1}', b"{"):
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as out:
            out.writestr("manifest.json", manifest)
        with pytest.raises(MaropsError, match="no whole evidence bundle"):
            public.check_bundle(tmp_path / "x.zip")


@pytest.mark.django_db
def test_verifying_and_gathering_are_jobs(cast: Cast, ai: Any) -> None:
    written()
    audit.seal(now())
    found = public.verify_here(cast.actor("hanna"))
    assert (found["whole"], found["acts"]) == (True, 3)
    run = public.start_evidence(cast.actor("hanna"), since="2020-01-01")
    run.delete()
    job = start_job(EVIDENCE, {"period": "of always"}, actor=cast.actor("hanna"), here=True)
    told = run_here(job.id).result
    assert told
    assert told["counts"]["acts"] == 3
    assert path_of(File.objects.get(id=told["file"])).read_bytes()[:2] == b"PK"


@pytest.mark.django_db
def test_words_and_acts_are_let_go_after_their_time_and_the_chain_stays_whole(
    cast: Cast, ai: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bundled(cast, ai, tmp_path / "evidence.zip")
    day_turn(now() + timedelta(days=729))
    assert AiDraft.objects.get().content == {"text": "Dear reader"}
    day_turn(now() + timedelta(days=731))
    assert AiDraft.objects.get().content == {}
    page = cast.client("hanna").get(f"/policy/waiting/{AiDraft.objects.get().id}").content.decode()
    assert "Its words were let go" in page
    public.evidence_here(cast.actor("hanna"), path)
    found = public.check_bundle(path).as_json()
    assert (found["findings"], found["erased"]) == ([], 1)
    assert AiAct.objects.count() == 5, "acts are kept unless a setting says otherwise"
    monkeypatch.setattr(stages, "config", lambda: replace(config(), ai_trail_days=400))
    day_turn(now() + timedelta(days=401))
    left = proof()
    assert (AiAct.objects.count(), left.forgotten, left.findings) == (0, 5, [])
