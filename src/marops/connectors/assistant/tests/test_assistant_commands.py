"""The AI that helps from the command line, in a process of the test."""

import json
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.cast import Cast
from typer.testing import CliRunner

from marops.connectors.assistant.models import Provider
from marops.connectors.assistant.tests.modelserver import KEY, model
from marops.connectors.assistant.tests.test_assistant import ALL, RULE
from marops.connectors.assistant.uses import entries
from marops.domains.accounts.public import ai_rights_come_from
from marops.domains.policy.models import AiAct
from marops.domains.policy.queries.uses import rights_of_use
from marops.domains.policy.tests.test_policy_gate import in_force, policy
from marops.kernel.models import Job


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    from marops.cli import ai, assistant, main

    @contextmanager
    def here(**_: Any) -> Any:
        yield None

    for module in (ai, assistant, main):
        monkeypatch.setattr(module, "installation", here)
    ai_rights_come_from(rights_of_use)
    yield lambda *words, **more: CliRunner().invoke(main.app, ["ai", *words], catch_exceptions=False, **more)
    ai_rights_come_from(lambda _: {})


@pytest.mark.django_db
def test_a_command_sets_it_up_and_asks_it(run: Any, cast: Cast, tmp_path: Path) -> None:
    with model() as server:
        said = run("provider", "set", server.url, "--model", "small", "--own", "--key-file", "-", "--json", input=KEY)
        assert said.exit_code == 0, said.output
        assert len(json.loads(said.stdout)["drafts"]) == 4
        assert KEY not in said.output
        for slug, document in entries(Provider.objects.get()).items():
            in_force("ai_use", slug, document)
        policy(ALL)
        email = cast.hanna.email
        server.say({"slug": "no-firm", "document": RULE})
        made = json.loads(run("draft", "quality", "No company", "--as", email, "--json").stdout)
        assert (made["definition"], made["tokens"], made["use"]) == ("quality/no-firm@1", 1_200, "help-draft")
        file, kept = tmp_path / "leads.csv", tmp_path / "map.yaml"
        file.write_text("Post,Stadt\nada@example.com,Berlin\n")
        server.say({"columns": [{"number": 0, "target": "email"}, {"number": 1, "target": "city"}]})
        assert run("columns", str(file), "--as", email, "--map", str(kept)).exit_code == 0
        assert kept.read_text() == "columns:\n  Post: email\n  Stadt: city\n"
        server.say("All is well.")
        told = json.loads(run("summarise", "/metrics", "--as", email, "--json").stdout)
        assert told["text"] == "All is well."
        file.write_text("Kim Vos called.\n")
        assert run("summarise", str(file), "--as", email).exit_code == 0
        assert "Kim Vos" in str(server.asked[-1]["messages"])
        acts = AiAct.objects.values_list("actor", "on_behalf_of")
        assert set(acts) == {("assistant-cli", str(cast.hanna.id))}, "whoever runs a command is not the person it names"
        assert "Kim Vos" not in str(list(Job.objects.values_list("arguments", "result", "title")))
    assert "model" in run("provider", "show").stdout
    run("provider", "remove")
    assert "No AI helps" in run("provider", "show").stdout
