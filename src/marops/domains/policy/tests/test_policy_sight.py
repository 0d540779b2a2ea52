"""The right to approve what an AI made opens no draft whose matter its reader may not see."""

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.cast import Cast

from marops.domains.policy import public
from marops.domains.policy.models import AiDraft
from marops.domains.policy.queries import governance
from marops.domains.policy.queries.drafts import waiting_definitions
from marops.domains.policy.queries.sight import CLOSED_KINDS
from marops.domains.policy.tests.test_policy_drafts import READ, hand_in, refused
from marops.domains.policy.tests.test_policy_gate import ai as ai  # noqa: PLC0414  # the fixture
from marops.domains.policy.tests.test_policy_gate import policy, use
from marops.kernel.definitions import Kind, kinds
from marops.kernel.gates import About
from marops.kernel.models import Definition

LEADS, PAY = {"text": "Kim Vos asked twice."}, {"text": "Hanna earns more than Tomasz."}


@pytest.fixture
def waits(cast: Cast, ai: Any) -> dict[str, public.Proposed]:
    policy(READ % 1)
    use(content=["words"], data=["internal", "contact", "confidential"])
    of_vera = replace(ai, on_behalf_of=str(cast.vera.id))
    return {
        "leads": hand_in(ai, LEADS, subject="leads", about=About(data="contact", records=1)),
        "pay": hand_in(of_vera, PAY, subject="/team/pay", about=About(data="confidential", records=1)),
    }


def opened(cast: Cast, name: str) -> set[str]:
    return {one["subject"] for one in public.waiting(cast.actor(name))}


@pytest.mark.django_db
def test_a_reader_sees_only_drafts_of_what_they_may_see(cast: Cast, waits: dict[str, public.Proposed]) -> None:
    found = {name: opened(cast, name) for name in ("vera", "hanna", "lena", "marco", "ada", "priya")}
    assert found == {
        "vera": {"leads", "/team/pay"}, "hanna": {"leads"}, "lena": set(), "marco": set(), "priya": {"leads"},
        "ada": {"leads", "/team/pay"},
    }  # fmt: skip
    pay = waits["pay"]
    refused("not-found", public.decide, cast.actor("hanna"), pay.id, pay.sha256, True)
    assert cast.client("hanna").get(f"/policy/waiting/{pay.id}").status_code == 404
    page = cast.client("hanna").get("/policy/waiting").content.decode()
    assert "/policy/waiting/" in page
    assert str(pay.id) not in page
    why = "Fine, she does earn more."
    assert public.decide(cast.actor("ada"), pay.id, pay.sha256, True, why)["state"] == "approved"
    told = {name: str(governance.decisions(cast.actor(name))) for name in ("vera", "lena")}
    assert why in told["vera"]
    assert why not in told["lena"]
    assert "Invitation" not in told["lena"]


@pytest.mark.django_db
def test_a_draft_that_says_nothing_of_what_it_read_counts_as_all_its_use_reads(
    cast: Cast, waits: dict[str, public.Proposed]
) -> None:
    AiDraft.objects.all().delete()
    hand_in(replace(cast.ai("vera"), ai_use="u-07"), PAY, subject="unsaid")
    assert (opened(cast, "hanna"), opened(cast, "ada")) == (set(), {"unsaid"})


@pytest.mark.django_db
def test_drafts_kept_without_what_they_ask_ask_for_all(cast: Cast, waits: dict[str, public.Proposed]) -> None:
    for row in AiDraft.objects.all():
        AiDraft.objects.filter(id=row.id).update(asked={"named": row.asked["named"]})
    assert (opened(cast, "hanna"), opened(cast, "lena")) == ({"leads"}, set())


@pytest.mark.django_db
def test_definitions_in_the_making_are_listed_for_those_who_may_open_them(cast: Cast) -> None:
    for kind in ("quality", "structure", "crew"):
        Definition.objects.create(
            kind=kind, slug="x", version=1, document={"title": "X"}, schema_version=1, sha256="0" * 64, author="a",
            ai_use="u-07", state="draft",
        )  # fmt: skip
    found = {name: {one["kind"] for one in waiting_definitions(cast.actor(name))} for name in ("vera", "priya", "mina")}
    assert found == {"vera": {"quality", "structure", "crew"}, "priya": {"quality"}, "mina": set()}


def test_every_kind_that_hides_something_is_known() -> None:
    plain = Kind.__dataclass_fields__["seen"].default
    assert {name for name, one in kinds().items() if one.seen is not plain} <= set(CLOSED_KINDS)
    assert set(CLOSED_KINDS) <= set(kinds())


@pytest.mark.django_db
def test_evidence_holds_no_words_that_its_gatherer_may_not_see(
    cast: Cast, waits: dict[str, public.Proposed], tmp_path: Path
) -> None:
    pay = waits["pay"]
    public.decide(cast.actor("ada"), pay.id, pay.sha256, True, "Fine, she does earn more.")
    found = {}
    for name in ("hanna", "ada"):
        path = tmp_path / f"{name}.zip"
        public.evidence_here(cast.actor(name), path)
        with zipfile.ZipFile(path) as kept:
            told = b"".join(kept.read(one) for one in kept.namelist()).decode(errors="replace")
        checked = public.check_bundle(path).as_json()
        wrong = [one for one in checked["findings"] if not one["where"].startswith(("ai_policy/", "ai_use/"))]
        found[name] = (LEADS["text"] in told, "earn" in told, checked["withheld"], wrong)
    assert found == {"hanna": (True, False, 1, []), "ada": (True, True, 0, [])}
