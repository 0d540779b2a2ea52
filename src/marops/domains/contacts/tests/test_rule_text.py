import pytest
from tests.cast import Cast

from marops.kernel.models import Definition

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_rule_is_changed_and_made_as_text_and_says_whom_it_would_find(cast: Cast, starters: None) -> None:
    client = cast.client("ada")
    page = client.get("/quality/no-country/text")
    text = page.context["form"].initial["text"]
    assert text.startswith("title: No country")
    changed = text.replace("title: No country", "title: Nobody knows the country")
    done = client.post("/quality/no-country/text", {"text": changed, "reason": "Said better"})
    assert (done.status_code, done["Location"]) == (302, "/quality/no-country")
    kept = Definition.objects.get(kind="quality", slug="no-country", state="draft")
    assert (kept.document["title"], kept.reason) == ("Nobody knows the country", "Said better")
    assert "It would find 0 records" in client.get("/quality/no-country").content.decode()
    example = client.get("/quality/new").context["form"].initial["text"]
    made = client.post("/quality/new", {"slug": "unknown-land", "text": example, "reason": ""})
    assert made["Location"] == "/definitions/quality/unknown-land/1"
    assert client.get(made["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("slug", "text", "said"),
    [
        ("x-1", "title: [", "Line 1, column 9 cannot be read"),
        ("x-1", "title: Half\nseverity: none at all", "Line 2, /severity: "),
        ("x-1", "just words", "A definition is a mapping"),
        ("x-1", "title: No severity", "/severity"),
        ("new", "", "This field is required"),
    ],
)
def test_what_is_no_rule_is_refused_with_its_place(cast: Cast, starters: None, slug: str, text: str, said: str) -> None:
    answer = cast.client("ada").post("/quality/new", {"slug": slug, "text": text})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Definition.objects.filter(slug=slug).exists()
