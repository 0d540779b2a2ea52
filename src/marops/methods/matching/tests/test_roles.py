import pytest

from marops.methods.matching.plan import plan_for
from marops.methods.matching.roles import ROLES, Column, Guess, guess, heading

ANN = ["Ann", "Bob", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hal", "Ida", "Jon", "Kim", "Lea", "Max", "Noa"]


def roles(**columns: list[str]) -> dict[str, str]:
    found = guess([Column(name, cells, len(set(cells)) == len(cells)) for name, cells in columns.items()])
    return {one.column: one.role for one in found}


@pytest.mark.parametrize(
    ("name", "said"),
    [("SocSecID", "soc sec id"), (" soc_sec_id", "soc sec id"), ("Address1", "address 1"), ("Prénom", "prenom"),
     ("ZIP Code", "zip code"), ("e-mail", "e mail"), ("given_name", "given name")],
)  # fmt: skip
def test_a_heading_has_one_spelling(name: str, said: str) -> None:
    assert heading(name) == said


@pytest.mark.parametrize(
    ("name", "role"),
    [("First Name", "given"), ("Nachname", "family"), ("billing postal code", "postcode"), ("PLZ", "postcode"),
     ("Street Number", "number"), ("address_2", "text"), ("Suburb", "city"), ("Company Name", "company"),
     ("Full Name", "name"), ("soc_sec_id", "ident"), ("cluster", "skip"), ("State", "region"), ("Gender", "kind")],
)  # fmt: skip
def test_a_column_is_told_by_its_name(name: str, role: str) -> None:
    assert roles(**{name: [*ANN, *ANN]})[name] == role


@pytest.mark.parametrize(
    ("cells", "role"),
    [([f"p{n}@mail.example" for n in range(20)], "email"),
     ([f"19{n}-0{1 + n % 9}-1{n % 9}" for n in range(50, 70)], "birth"),
     ([f"+44 20 7946 0{n}" for n in range(100, 120)], "phone"), (["m", "f"] * 20, "kind"), (["yes"] * 20, "skip"),
     ([f"www.firm{n}.example" for n in range(20)], "site"), (["", ""], "skip")],
)  # fmt: skip
def test_a_column_that_says_nothing_is_told_by_what_stands_in_it(cells: list[str], role: str) -> None:
    assert roles(x=cells)["x"] == role


def test_a_name_that_its_values_belie_is_not_believed() -> None:
    assert roles(**{"Do Not Email": ["Yes", "No"] * 20})["Do Not Email"] == "kind"


def test_the_rows_own_name_stands_once_and_whole_names_give_way_to_their_parts() -> None:
    numbers = [f"{n}" for n in range(14)]
    found = roles(id=numbers, uuid=[f"u{n}" for n in numbers], first=ANN, last=ANN, name=[f"{a} {a}" for a in ANN])
    assert found == {"id": "row", "uuid": "skip", "first": "given", "last": "family", "name": "skip"}


def test_every_role_that_is_compared_has_levels_whose_shares_leave_room_for_the_rest() -> None:
    compared = [Guess(role, role, "") for role in ROLES if role not in ("row", "skip")]
    plan = plan_for(compared, {role: f"c{at}" for at, role in enumerate(ROLES)}, {})
    assert {one.field.removeprefix("f_") for one in plan.comparisons} == {one.role for one in compared}
    for one in plan.comparisons:
        assert 0 < sum(level.same for level in one.levels) < 1, one.field
        assert 0 < sum(level.other for level in one.levels) < 1, one.field
