"""Moments as files write them, whole columns at a time: ISO 8601 and its relatives, days first or months first, seconds
since 1970. What carries no zone takes the one that was chosen.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

MOMENT = pa.timestamp("us", "UTC")
_NAIVE = pa.timestamp("us")
_ZONED = r"(?:Z|[T ]\d\d.*[+-]\d\d(?::?\d\d)?)$|^(?:\d{10}|\d{13}|\d{16})(?:\.\d{1,9})?$"
_ISO = r"^\d{4}-\d\d-\d\d(?:[T ]\d\d(?::\d\d(?::\d\d(?:\.\d{1,6})?)?)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?$"
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_FOREIGN = ("%d.%m.%Y %H:%M:%S", "%d %b %Y %H:%M:%S", "%b %d, %Y %H:%M:%S", "%a %b %d %H:%M:%S %Y", "%Y%m%dT%H%M%S")
_HALF_DAYS = ("%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d %I:%M %p", "%Y-%m-%d %I %p")
_HALF_HOUR = 1_800_000_000
_SINCE_1970 = {10: 1_000_000, 13: 1_000, 16: 1}  # digits, and what the last one is worth in microseconds


def moments(texts: pa.Array, zone: str, *, day_first: bool = True) -> pa.Array:
    """The moments that a column of texts names, in UTC; null where there is none or it cannot be read."""
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    for kind in (MOMENT, _NAIVE):
        try:
            return _checked(_with_zone(texts.cast(kind), zone))
        except pa.ArrowInvalid:
            continue
    plain = _plain(texts, day_first=day_first)
    zoned = pc.fill_null(pc.match_substring_regex(plain, _ZONED), False)
    naive = _with_zone(_cast(pc.if_else(zoned, None, plain), _NAIVE), zone)
    return _checked(pc.if_else(zoned, _cast(pc.if_else(zoned, plain, None), MOMENT), naive))


def without_zone(texts: pa.Array, *, day_first: bool = True) -> bool:
    """Is there a moment that does not say its zone?"""
    plain = _plain(texts, day_first=day_first)
    naive = pc.and_(pc.match_substring_regex(plain, _ISO), pc.invert(pc.match_substring_regex(plain, _ZONED)))
    return bool(pc.any(pc.fill_null(naive, False)).as_py())


def order_of_days(texts: pa.Array) -> bool | None:
    """Do dates such as 03/04/2026 begin with the day? None where they do not tell."""
    parts = pc.extract_regex(texts.drop_null(), r"^\s*(?P<a>\d{1,2})[./-](?P<b>\d{1,2})[./-]\d{4}\b").drop_null()
    if not len(parts):
        return None
    first, second = (pc.max(pc.cast(pc.struct_field(parts, name), pa.int32())).as_py() for name in ("a", "b"))
    if first > 12:
        return True
    return False if second > 12 else None


def both_orders(texts: pa.Array) -> bool:
    """Is there a date such as 03/04/2026?"""
    found = pc.match_substring_regex(texts, r"^\s*\d{1,2}[./-]\d{1,2}[./-]\d{4}\b")
    return bool(pc.any(pc.fill_null(found, False)).as_py())


def _checked(found: pa.Array) -> pa.Array:
    inside = pc.and_(pc.greater_equal(found, _scalar(_FIRST)), pc.less(found, _scalar(_LAST)))
    return pc.if_else(inside, found, None)


def _scalar(moment: datetime) -> pa.Scalar:
    return pa.scalar(moment, MOMENT)


def _with_zone(found: pa.Array, zone: str) -> pa.Array:
    """Local times in UTC; a time that a clock shows twice is the first of the two."""
    if found.type == MOMENT:
        return found
    local = found.cast(pa.int64())
    slot = pc.floor(pc.divide(local.cast(pa.float64()), float(_HALF_HOUR))).cast(pa.int64())
    slots = slot.dictionary_encode()
    there = ZoneInfo(zone or "UTC")
    offsets = [_offset(one, there) for one in slots.dictionary.to_pylist()]
    shift = pa.array(offsets, pa.int64()).take(slots.indices)
    return pc.subtract(local, shift).cast(MOMENT)


def _offset(slot: int, there: ZoneInfo) -> int:
    try:
        local = datetime(1970, 1, 1, tzinfo=there) + timedelta(microseconds=slot * _HALF_HOUR)
        return int((local.utcoffset() or timedelta()) / timedelta(microseconds=1))
    except OverflowError:
        return 0


def _plain(texts: pa.Array, *, day_first: bool) -> pa.Array:
    """The texts as ISO 8601 writes them, as far as patterns can tell."""
    plain = pc.utf8_trim_whitespace(texts)
    for pattern, becomes in (
        (r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})\b", r"\3-\2-\1" if day_first else r"\3-\1-\2"),
        (r"^(\d{4})[./-](\d{1,2})[./-](\d{1,2})\b", r"\1-0\2-0\3"),
        (r"^(\d{4})-0?(\d\d)-0?(\d\d)\b", r"\1-\2-\3"),
        (r"^(\d{4}-\d\d-\d\d),?\s+", r"\1 "),
        (r"^(\d{4}-\d\d-\d\d[T ])(\d:)", r"\10\2"),
        (r"\[[A-Za-z_/+-]+\]$", ""),
        (r"(:\d\d)[.,](\d{6})\d*", r"\1.\2"),
        (r"(:\d\d),(\d{1,5})", r"\1.\2"),
        (r"\s*(?:UTC|GMT|z|Z)$", "Z"),
        (r"(:\d\d(?:\.\d+)?)\s+([+-]\d\d)", r"\1\2"),
    ):
        plain = pc.replace_substring_regex(plain, pattern, becomes)
    return plain


def _cast(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    """Texts as moments, null where they are none."""
    iso = pc.fill_null(pc.match_substring_regex(texts, _ISO), False)
    try:
        found = pc.if_else(iso, texts, None).cast(kind)
    except pa.ArrowInvalid:  # the 31st of February
        found = pa.array([_one(text) if text else None for text in texts.to_pylist()], kind)
    odd = pc.and_(pc.is_valid(texts), pc.invert(iso))
    if not pc.any(odd).as_py():
        return found
    others = pa.array([_odd(text) for text in pc.if_else(odd, texts, None).to_pylist()], kind)
    return pc.coalesce(found, others)


def _one(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _odd(text: str | None) -> datetime | None:
    """Seconds, thousandths or millionths since 1970, half days, months by name."""
    if not text:
        return None
    whole, _point, part = text.partition(".")
    if whole.isdigit() and len(whole) in _SINCE_1970 and (not part or part.isdigit()):
        worth = _SINCE_1970[len(whole)]
        passed = int(whole) * worth + round(float(f"0.{part or 0}") * worth)
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=passed)
    for form in (*_HALF_DAYS, *_FOREIGN):
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  # its zone is added with the others'
        except ValueError:
            continue
    return None
