from uuid import UUID

from marops.kernel.ids import new_id, number_from


def test_statements_of_one_millisecond_number_their_rows_apart() -> None:
    found = [number_from() for _ in range(5000)]
    assert len(set(found)) == 5000


def test_numbered_rows_have_ids_of_their_moment() -> None:
    before, made, after = new_id(), UUID(number_from() + "0" * 11 + "1"), new_id()
    assert before.int >> 80 <= made.int >> 80 <= after.int >> 80
    assert (made.version, made.variant) == (7, new_id().variant)
