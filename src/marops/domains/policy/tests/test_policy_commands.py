"""A decision by a command is that of the person whose key is brought, and of nobody else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.cast import Cast
from typer.testing import CliRunner

from marops.cli import ai as commands
from marops.cli.main import app
from marops.domains.accounts.public import make_token, rights_remembered
from marops.domains.policy.models import AiDraft
from marops.domains.policy.tests.test_policy_drafts import READ, hand_in
from marops.domains.policy.tests.test_policy_gate import ai as ai  # noqa: PLC0414  # the fixture
from marops.domains.policy.tests.test_policy_gate import policy, use
from marops.kernel.errors import MaropsError
from marops.kernel.models import ReviewDecision


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    @contextmanager
    def here(**_: Any) -> Iterator[None]:
        with rights_remembered():
            yield

    monkeypatch.setattr(commands, "installation", here)
    return lambda *words, key="": CliRunner().invoke(app, ["ai", *words], input=key)


def key(cast: Cast, name: str, *rights: str) -> str:
    return make_token(actor=cast.actor(name), name="k", rights_asked=list(rights), days=3)[1]


@pytest.mark.django_db
def test_a_command_decides_for_whose_key_it_is(cast: Cast, ai: Any, run: Callable[..., Any]) -> None:
    policy(READ % 2)
    use(content=["words"])
    found = hand_in(ai)
    assert run("approve", str(found.id), "--as", cast.hanna.email).exit_code == 2, "an address proves nothing"
    words = ["approve", str(found.id), "--key-file", "-"]
    for secret, code in (
        ("mrp_guessed", "bad-token"), (key(cast, "hanna", "policy.view"), "not-found"),
        (key(cast, "priya", "policy.view", "policy.review"), "four-eyes"),
    ):  # fmt: skip
        refused = run(*words, key=secret).exception
        assert isinstance(refused, MaropsError), refused
        assert refused.code == code
    assert not ReviewDecision.objects.exists()
    done = run(*words, key=key(cast, "hanna", "policy.view", "policy.review"))
    assert done.exit_code == 0, done.output
    assert "1 more to approve it" in done.output
    assert (ReviewDecision.objects.get().reviewer, AiDraft.objects.get().state) == (str(cast.hanna.id), "waiting")
