import json

import pytest
from typer.testing import CliRunner

from marops.cli import main
from marops.domains.contacts.public import Contact
from marops.domains.scoring.starter import SCORE
from marops.kernel import facts
from marops.kernel.clock import now
from marops.kernel.ids import new_id
from marops.kernel.rules import write_yaml

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(monkeypatch, starters, run_stages):
    """The command line beside one scored lead, in the installation of the test."""
    from contextlib import contextmanager

    @contextmanager
    def here(**_options):
        yield None

    main._load_commands()
    monkeypatch.setattr("marops.cli.scoring.installation", here)
    one = Contact.objects.create(id=new_id(), number=1, country="NO", company_name="Nordvik", seconds_on_site=1000)
    facts.touch([one.id], now())
    run_stages()

    def told(*words: str):
        answer = CliRunner().invoke(main.app, list(words))
        assert answer.exit_code == 0, answer.output
        return answer.output

    return told


def test_models_are_listed(run):
    assert "1 MQLs of 1 leads" in run("score", "models")
    assert json.loads(run("score", "models", "--json"))["items"][0]["mql"] == 1


def test_a_changed_model_is_tried_without_writing(run, tmp_path):
    changed = {**SCORE, "mql": {"at_least": 90, "cells": ["A1"]}}
    file = tmp_path / "main.yaml"
    file.write_text(write_yaml(changed))
    today = str(now().date())
    told = json.loads(run("score", "simulate", str(file), "--since", today, "--json"))
    assert told["mql"] == {"before": 1, "after": 0, "gained": 0, "lost": 1}
    assert "1 lost" in run("score", "simulate", str(file), "--since", today)


def test_the_lifecycle_tells_where_everybody_is(run):
    stages = {one["name"]: one["now"] for one in json.loads(run("lifecycle", "--json"))["stages"]}
    assert stages["mql"] == 1
    assert "1 now" in run("lifecycle")
