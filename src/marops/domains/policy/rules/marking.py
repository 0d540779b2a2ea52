"""Marks that machines read: that AI made an HTML text or a picture, wholly or in part.

HTML says it with schema.org's `digitalSourceType`; PNG and JPEG with IPTC's Digital Source Type in an XMP packet. The
marks are put in between what is there: not a pixel and not a word of the content changes.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from html import escape
from typing import Final, Literal

Source = Literal["made", "edited"]
IPTC: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
TERMS: Final[dict[Source, str]] = {"made": "trainedAlgorithmicMedia", "edited": "compositeWithTrainedAlgorithmicMedia"}
SCHEMA: Final[dict[Source, str]] = {
    "made": "https://schema.org/TrainedAlgorithmicMediaDigitalSource",
    "edited": "https://schema.org/CompositeWithTrainedAlgorithmicMediaDigitalSource",
}
EXT: Final = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_XMP: Final = b"XML:com.adobe.xmp"
_JPEG_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_JPEG_MOST: Final = 65_533
_NAMED = re.compile(rb"<\w+:DigitalSourceType\b[^>]*?(?:/>|>.*?</\w+:DigitalSourceType\s*>)", re.DOTALL)
_AS_ATTRIBUTE = re.compile(rb"\s[A-Za-z0-9_]+:DigitalSourceType\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_END = re.compile(rb"</([A-Za-z0-9_]+):RDF\s*>")
_FRAGMENT = re.compile(r'<div data-ai-mark [^>]*><link itemprop="digitalSourceType" [^>]*>(.*)</div>', re.DOTALL)
_HEAD_ENDS = re.compile(r"</head\s*>", re.IGNORECASE)
_BODY_ENDS = re.compile(r"</body\s*>", re.IGNORECASE)


class NotMarkable(ValueError):
    """No PNG, no JPEG and no HTML, or a broken one."""


def kind_of(content: bytes) -> str:
    """`png`, `jpeg` or `html`. Raises NotMarkable."""
    if content.startswith(_PNG):
        return "png"
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise NotMarkable("it is neither PNG nor JPEG nor HTML in UTF-8") from None
    if "\0" in text or not re.search(r"<[a-zA-Z!][^>]*>", text):
        raise NotMarkable("it is neither PNG nor JPEG nor HTML")
    return "html"


def marked(content: bytes, source: Source = "made", words: str = "", language: str = "") -> bytes:
    """The same with the mark in it; HTML also with the words for readers. Marked again, it is marked once."""
    kind = kind_of(content)
    if kind == "png":
        return _png(content, source)
    if kind == "jpeg":
        return _jpeg(content, source)
    return marked_html(content.decode("utf-8"), source, words, language).encode()


def mark_of(content: bytes) -> Source | None:
    """How this is marked, if it is. Raises NotMarkable."""
    kind = kind_of(content)
    if kind == "html":
        text = content.decode("utf-8")
        return next((name for name, url in SCHEMA.items() if f'"{url}"' in text), None)
    packets = [bytes(one) for one in (_png_packets(content) if kind == "png" else _jpeg_packets(content))]
    found = b"".join(packets)
    return next((name for name, term in TERMS.items() if f"/{term}".encode() in found), None)


# --- HTML ------------------------------------------------------------------------------------------------------------


def marked_html(text: str, source: Source = "made", words: str = "", language: str = "") -> str:
    """A page gets a statement in its head, a fragment is put into an element that says it; both the words below."""
    text = _unmarked(text)
    lang = f' lang="{escape(language)}"' if language else ""
    said = f'<p class="ai-disclosure"{lang}>{escape(words)}</p>' if words else ""
    if head := _HEAD_ENDS.search(text):
        stated = (
            '<script type="application/ld+json" data-ai-mark>{"@context":"https://schema.org","@type":"CreativeWork",'
            f'"digitalSourceType":"{SCHEMA[source]}"}}</script>'
        )
        text = text[: head.start()] + stated + text[head.start() :]
        ends = _BODY_ENDS.search(text)
        place = ends.start() if ends else len(text)
        return text[:place] + said + text[place:]
    opens = f'<div data-ai-mark itemscope itemtype="https://schema.org/CreativeWork">{_link(source)}'
    return f"{opens}{text}{said}</div>"


def _link(source: Source) -> str:
    return f'<link itemprop="digitalSourceType" href="{SCHEMA[source]}">'


def _unmarked(text: str) -> str:
    """Without a mark that was put there before, so that a second one does not contradict it."""
    text = re.sub(r'<script type="application/ld\+json" data-ai-mark>.*?</script>', "", text, flags=re.DOTALL)
    text = re.sub(r'<p class="ai-disclosure"[^>]*>.*?</p>', "", text, flags=re.DOTALL)
    match = _FRAGMENT.fullmatch(text)
    return match[1] if match else text


# --- pictures --------------------------------------------------------------------------------------------------------


def _packet(source: Source, before: bytes = b"") -> bytes:
    """An XMP packet that says it; what another packet said stays in it."""
    opens, ends = f'<rdf:Description xmlns:rdf="{_RDF}" xmlns:Iptc4xmpExt="{EXT}" rdf:about="">', "</rdf:Description>"
    named = f"<Iptc4xmpExt:DigitalSourceType>{IPTC}{TERMS[source]}</Iptc4xmpExt:DigitalSourceType>"
    said = f"{opens}{named}{ends}".encode()
    kept = _AS_ATTRIBUTE.sub(b"", _NAMED.sub(b"", before)).replace(f"{opens}{ends}".encode(), b"")
    if end := _END.search(kept):
        return kept[: end.start()] + said + kept[end.start() :]
    head = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'.encode()
    body = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">'.encode() + said
    return head + body + b'</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_PNG)
    while at < len(content):
        if at + 12 > len(content):
            raise NotMarkable("the PNG ends too early")
        length = struct.unpack(">I", content[at : at + 4])[0]
        if at + 12 + length > len(content):
            raise NotMarkable("the PNG ends too early")
        yield content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png_packets(content: bytes) -> Iterator[bytes]:
    for name, data in _png_chunks(content):
        if name == b"iTXt" and data.startswith(_PNG_XMP + b"\0"):
            packed, rest = data[len(_PNG_XMP) + 1 : len(_PNG_XMP) + 2], data[len(_PNG_XMP) + 3 :]
            text = rest.split(b"\0", 2)[-1]
            yield zlib.decompressobj().decompress(text, 4_000_000) if packed == b"\x01" else text


def _png(content: bytes, source: Source) -> bytes:
    before = next(_png_packets(content), b"")
    made, found = [_PNG], False
    for name, data in _png_chunks(content):
        if name == b"iTXt" and data.startswith(_PNG_XMP + b"\0"):
            continue
        if name == b"IDAT" and not found:
            made.append(_chunk(b"iTXt", _PNG_XMP + b"\0\0\0\0\0" + _packet(source, before)))
            found = True
        made.append(_chunk(name, data))
    if not found:
        raise NotMarkable("the PNG holds no picture")
    return b"".join(made)


def _segments(content: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Start, end, marker and data of what stands before a JPEG's picture."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF and content[at + 1] != 0xDA:
        length = struct.unpack(">H", content[at + 2 : at + 4])[0]
        if length < 2 or at + 2 + length > len(content):
            raise NotMarkable("the JPEG ends too early")
        yield at, at + 2 + length, content[at + 1], content[at + 4 : at + 2 + length]
        at += 2 + length
    if at + 2 > len(content) or content[at] != 0xFF:
        raise NotMarkable("the JPEG holds no picture")


def _jpeg_packets(content: bytes) -> Iterator[bytes]:
    for _start, _end, marker, data in _segments(content):
        if marker == 0xE1 and data.startswith(_JPEG_XMP):
            yield data[len(_JPEG_XMP) :]


def _jpeg(content: bytes, source: Source) -> bytes:
    segments = list(_segments(content))
    packet = _packet(source, next(_jpeg_packets(content), b""))
    data = _JPEG_XMP + packet
    if len(data) > _JPEG_MOST:
        raise NotMarkable("what it says about itself is too long for one more word")
    own = b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data
    made, placed = [content[:2]], False
    for start, end, marker, held in segments:
        if marker == 0xE1 and held.startswith(_JPEG_XMP):
            continue
        # Readers expect what a camera says first: APP0, then Exif, then this.
        if not placed and marker != 0xE0 and not (marker == 0xE1 and held.startswith(b"Exif\0")):
            made.append(own)
            placed = True
        made.append(content[start:end])
    picture = content[segments[-1][1] if segments else 2 :]
    return b"".join(made) + (b"" if placed else own) + picture
