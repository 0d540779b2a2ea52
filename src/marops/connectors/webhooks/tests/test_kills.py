"""The sender killed between any two durable effects: each fact arrives at least once, and always under the same id."""

import signal
from collections.abc import Iterator

import pytest
from tests.nursery import start

from marops.connectors.webhooks.actions import make_endpoint
from marops.connectors.webhooks.models import Delivery
from marops.connectors.webhooks.tests.ground import Receiver, happens, hosts_allowed, receiving
from marops.kernel import crash
from marops.kernel.actors import ENGINE, SETUP
from marops.kernel.models import FactInbox

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

_PROGRAM = """
import threading
from marops.connectors.webhooks.models import Delivery
from marops.connectors.webhooks.stages import send_for_ever
stop = threading.Event()
sender = threading.Thread(target=send_for_ever, args=(stop,))
sender.start()
while Delivery.objects.filter(state="waiting").exists():
    stop.wait(0.05)
stop.set()
sender.join()
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with hosts_allowed(), receiving() as one:
        yield one


def run(point: str = "") -> int:
    return start(_PROGRAM, MAROPS_CRASH=point).wait(60)


@pytest.mark.parametrize("point", crash.points("webhook."))
def test_killed_anywhere_every_fact_is_told_at_least_once_under_one_id(receiver: Receiver, point: str) -> None:
    make_endpoint(actor=SETUP, name="One", url=receiver.url, kinds=["lead.won"])
    happens(actor=ENGINE, times=4)
    for _ in range(2):
        assert run(point) == -signal.SIGKILL
    # The next sender sees that the holder is dead and need not wait for its lease to run out.
    assert run() == 0
    facts = {f"msg_{one.hex}" for one in FactInbox.objects.filter(kind="lead.won").values_list("id", flat=True)}
    assert set(receiver.ids) == facts
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    bodies = {(headers["webhook-id"], body) for headers, body in receiver.got}
    assert len(bodies) == len(facts)
    assert len(receiver.ids) <= len(facts) + 2
