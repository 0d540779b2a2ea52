"""Asking for the approval of a version, approving it, and sending it back."""

import pytest
from tests.cast import Cast

from marops.domains.contacts.rules.starters import STARTERS
from marops.kernel.actors import SETUP
from marops.kernel.definitions import draft, find, plant_starters
from marops.kernel.models import Definition, Notice

PAGE = "/definitions/quality/mail-elsewhere/2"


@pytest.fixture
def written(cast: Cast) -> Definition:
    """A version that Lena wrote, who may not put it in force."""
    plant_starters(actor=SETUP, starters=STARTERS)
    document = find("quality/mail-elsewhere").document | {"title": "Country is missing"}
    return draft(actor=cast.actor("lena"), kind="quality", slug="mail-elsewhere", document=document, reason="Plainer")


@pytest.mark.django_db
def test_an_author_who_may_not_approve_asks_and_those_who_may_have_it_on_their_desk(
    cast: Cast, written: Definition
) -> None:
    lena, samuel = cast.client("lena"), cast.client("samuel")
    for page in ("/quality/mail-elsewhere", PAGE):
        assert "Ask for approval" in lena.get(page).content.decode()
    assert "Approve and put in force" not in lena.get(PAGE).content.decode()
    assert lena.post(f"{PAGE}/ask").headers["Location"] == PAGE
    assert "Waits for approval" in lena.get("/quality/mail-elsewhere").content.decode()
    desk = samuel.get("/").content.decode()
    assert "Country is missing, version 2 waits for your review" in desk
    assert f'href="{PAGE}"' in desk
    assert "becomes" in samuel.get(PAGE).content.decode()
    assert samuel.post(PAGE, {"do": "approve", "comment": "Good."}).status_code == 302
    assert find("quality/mail-elsewhere").version == 2
    assert "2 was approved" in Notice.objects.get(account_id=cast.lena.id).text
    assert "waits for your review" not in samuel.get("/").content.decode()


@pytest.mark.django_db
def test_sent_back_with_a_note_it_is_a_draft_again_and_may_be_asked_for_anew(cast: Cast, written: Definition) -> None:
    lena, samuel = cast.client("lena"), cast.client("samuel")
    lena.post(f"{PAGE}/ask")
    other = find("quality/phone-elsewhere").document | {"title": "E-mail is missing"}
    draft(actor=cast.actor("lena"), kind="quality", slug="phone-elsewhere", document=other)
    lena.post("/definitions/quality/phone-elsewhere/2/ask")
    assert "2 definitions wait for your review" in samuel.get("/").content.decode()
    assert "Say what should be changed." in samuel.post(PAGE, {"do": "send-back"}).content.decode()
    samuel.post(PAGE, {"do": "send-back", "comment": "Which country?"})
    assert find("quality/mail-elsewhere@2").state == "draft"
    told = lena.get(PAGE).content.decode()
    assert "Which country?" in told
    assert "Ask for approval" in told
    lena.post(f"{PAGE}/ask")
    assert find("quality/mail-elsewhere@2").state == "in_review"


@pytest.mark.django_db
def test_whoever_may_approve_asks_for_their_own_work_where_somebody_else_may_too(cast: Cast) -> None:
    plant_starters(actor=SETUP, starters=STARTERS)
    document = find("quality/mail-elsewhere").document | {"title": "Country is missing"}
    draft(actor=cast.actor("hanna"), kind="quality", slug="mail-elsewhere", document=document)
    page = cast.client("hanna").get("/quality/mail-elsewhere").content.decode()
    assert "Ask for approval" in page
    assert "Put this version in force" not in page
    assert "Put this version in force" in cast.client("samuel").get("/quality/mail-elsewhere").content.decode()


@pytest.mark.django_db
def test_roles_are_not_decided_here(cast: Cast) -> None:
    assert cast.client("ada").get("/definitions/access/roles/1").status_code == 404
