from tests.cast import Expect

from marops.connectors.webhooks.models import Delivery, Endpoint
from marops.kernel.clock import now
from marops.kernel.ids import new_id
from marops.kernel.secrets import sealed

MANAGE = "webhooks.manage"
ACTS = ("pause", "resume", "test", "rotate", "remove")


def things(cast):
    endpoint = Endpoint.objects.create(
        number=7_000_001, name="CRM", url="https://crm.example/hook", kinds=["lead.won"], secret=sealed("whsec_YQ=="),
        made_by="setup",
    )  # fmt: skip
    payload = {"type": "lead.won", "timestamp": "2026-01-01T00:00:00Z", "data": {}}
    tries = [{"at": "2026-01-01T00:00:00+00:00", "status": 500, "says": "500", "seconds": 0.1}]
    delivery = Delivery.objects.create(
        id=new_id(), endpoint=endpoint, fact_id=new_id(), kind="lead.won", payload=payload, created_at=now(),
        next_at=now(), tries=tries,
    )  # fmt: skip
    return {"webhook": endpoint, "delivery": delivery}


def _one(world):
    return {"ref": world.things["webhook"].ref}


def _delivery(world):
    return _one(world) | {"delivery_id": world.things["delivery"].id}


LOG = "webhooks/<ref>/deliveries"
EXPECT = {
    "webhooks": Expect(right=MANAGE),
    "webhooks/<ref>": Expect(right=MANAGE, args=_one),
    f"{LOG}/<uuid:delivery_id>": Expect(right=MANAGE, args=_delivery),
    f"{LOG}/<uuid:delivery_id>/replay": Expect(right=MANAGE, post_only=True, args=_delivery),
    **{f"webhooks/<ref>/{act}": Expect(right=MANAGE, post_only=True, args=_one) for act in ACTS},
    "api/v1/webhooks": Expect(right=MANAGE),
    "api/v1/webhooks/<ref>": Expect(right=MANAGE, args=_one),
    "api/v1/webhooks/<ref>/rotate": Expect(right=MANAGE, post_only=True, args=_one),
    "api/v1/webhooks/<ref>/test": Expect(right=MANAGE, post_only=True, args=_one),
    f"api/v1/{LOG}": Expect(right=MANAGE, args=_one),
    f"api/v1/{LOG}/<delivery_id>/replay": Expect(right=MANAGE, post_only=True, args=_delivery),
}
