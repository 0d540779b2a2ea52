import contextlib
import json
import re
import struct
import zlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cast import Cast

from marops.domains.policy.queries.disclosures import law, shipped, text, words_of
from marops.domains.policy.rules.disclosing import LANGUAGES, OCCASIONS, occasion_of
from marops.domains.policy.rules.interview import LIKE, draft_uses
from marops.domains.policy.rules.marking import IPTC, NotMarkable, mark_of, marked, marked_html
from marops.kernel import definitions
from marops.kernel.models import Definition
from marops.kernel.workspace import today


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(*extra: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0\x01\x02\0\x03\x04"))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(extra) + pixels + chunk(b"IEND", b"")


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


SCAN = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0\x12\x34\xff\x00\x56\xff\xd9"
APP0 = segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
EXIF = segment(0xE1, b"Exif\0\0MM\0*")
JPEG = b"\xff\xd8" + APP0 + EXIF + segment(0xDB, b"\0" * 65) + SCAN
OLD = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/png"'
    b' xmlns:I="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" I:DigitalSourceType="http://x/digitalCapture"/>'
    b"</rdf:RDF></x:xmpmeta>"
)


def chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    at, found = 8, []
    while at < len(content):
        size = struct.unpack(">I", content[at : at + 4])[0]
        name, data = content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        assert struct.unpack(">I", content[at + 8 + size : at + 12 + size])[0] == zlib.crc32(name + data)
        found.append((name, data))
        at += 12 + size
    return found


def test_a_png_keeps_its_pixels_and_what_it_said_and_says_once_that_ai_made_it() -> None:
    before = png(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + OLD), chunk(b"tEXt", b"Title\0x"))
    made = marked(marked(before), "edited")
    found = chunks(made)
    assert [one for one in found if one[0] != b"iTXt"] == [one for one in chunks(before) if one[0] != b"iTXt"]
    (said,) = [data for name, data in found if name == b"iTXt"]
    assert said.count(b"DigitalSourceType>") == 2
    assert f"{IPTC}compositeWithTrainedAlgorithmicMedia".encode() in said
    assert b"digitalCapture" not in said
    assert b'dc:format="image/png"' in said
    assert (mark_of(before), mark_of(marked(before)), mark_of(made)) == (None, "made", "edited")


def test_a_jpeg_says_it_behind_what_the_camera_says_and_before_its_picture() -> None:
    made = marked(JPEG)
    assert made.startswith(b"\xff\xd8" + APP0 + EXIF + b"\xff\xe1")
    assert made.endswith(SCAN)
    assert len(marked(made)) == len(made)
    assert mark_of(made) == "made"
    assert mark_of(marked(b"\xff\xd8" + SCAN)) == "made"
    with pytest.raises(NotMarkable):
        marked(JPEG[:40])


def test_a_page_says_it_in_its_head_and_a_fragment_around_itself() -> None:
    page = "<!doctype html><html><head><title>A</title></head><body><p>Hello</p></body></html>"
    made = marked_html(page, "made", "Made with <AI>.", "en")
    stated = json.loads(re.search(r"<script[^>]*>(.*?)</script>", made)[1])
    assert stated["digitalSourceType"] == "https://schema.org/TrainedAlgorithmicMediaDigitalSource"
    assert '<p class="ai-disclosure" lang="en">Made with &lt;AI&gt;.</p></body>' in made
    assert marked_html(made, "made", "Made with <AI>.", "en") == made
    part = marked_html("<p>Hello</p>", "edited", "Words.")
    assert "<p>Hello</p>" in part
    assert mark_of(part.encode()) == "edited"
    assert marked_html(part, "edited", "Words.") == part


@settings(max_examples=60)
@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda tail: JPEG[:60] + tail)
       | st.binary(max_size=200).map(lambda tail: png()[:40] + tail))  # fmt: skip
def test_whatever_is_given_is_marked_or_refused(content: bytes) -> None:
    with contextlib.suppress(NotMarkable):
        assert mark_of(marked(content)) == "made"


@pytest.mark.django_db
def test_the_words_of_the_house_take_the_place_of_those_that_ship_where_it_has_some(cast: Cast) -> None:
    assert all(shipped().text(occasion, language) for occasion in OCCASIONS for language in LANGUAGES)
    use = draft_uses(LIKE["balanced"], today())["outside"]
    assert occasion_of(use) == "read"
    assert words_of(use, "de") == shipped().text("read", "de")
    assert words_of(use.model_copy(update={"disclosure": "By a machine."}), "de") == "By a machine."
    assert words_of(use.model_copy(update={"discloses": False}), "de") == ""
    form: Any = cast.client("marco").get("/policy/disclosures/edit").context["form"]
    given = {name: form[name].value() or "" for name in form.fields} | {"read-de": "Mit KI.", "read-fr": ""}
    there = cast.client("marco").post("/policy/disclosures/edit", given)
    assert there.url == "/definitions/disclosure/house/1"
    assert text("read", "de") == shipped().text("read", "de")
    definitions.activate(actor=cast.actor("hanna"), ref=Definition.objects.get(kind="disclosure").pinned)
    assert [text("read", language) for language in ("de", "fr", "sv")] == [
        "Mit KI.", shipped().text("read", "fr"), shipped().text("read", "en")
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_file_comes_back_marked_and_the_law_names_its_sources(cast: Cast) -> None:
    client = cast.client("lena")
    sent = {"source": "made", "occasion": "read", "language": "de"}
    file = SimpleUploadedFile('le"tter.html', b"<p>Hello</p>")
    back = client.post("/policy/disclosures/mark", sent | {"file": file})
    assert shipped().text("read", "de") in back.content.decode()
    assert back["Content-Disposition"] == 'attachment; filename="marked-le-tter.html"'
    wrong = client.post("/policy/disclosures/mark", sent | {"file": SimpleUploadedFile("a.txt", b"\0\1\2")})
    assert (wrong.status_code, "file" in wrong.context["form"].errors) == (422, True)
    page = client.get("/policy/law").content.decode()
    assert "This is not legal advice." in page
    for one in law()["items"]:
        assert one["article"] in page
        assert all(source["url"].startswith("https://") for source in one["sources"])
        assert one["sources"]
