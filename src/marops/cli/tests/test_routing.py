import pytest
from typer.testing import CliRunner

from marops.cli import leads, routing  # noqa: F401  # they add their commands
from marops.cli.main import app


@pytest.mark.parametrize(
    "words",
    [["leads"], ["leads", "dispose"], ["leads", "touch"], ["route", "show"], ["route", "queue"], ["route", "simulate"]],
)
def test_the_commands_of_routing_are_there(words):
    answer = CliRunner().invoke(app, [*words, "--help"])
    assert answer.exit_code == 0, answer.output
