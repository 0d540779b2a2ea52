from django.urls import path

from marops.connectors.webhooks import pages

app_name = "webhooks"

urlpatterns = [
    path("webhooks", pages.webhooks, name="webhooks"),
    path("webhooks/<ref>", pages.webhook, name="webhook"),
    path("webhooks/<ref>/deliveries/<uuid:delivery_id>", pages.delivery, name="delivery"),
    path("webhooks/<ref>/deliveries/<uuid:delivery_id>/replay", pages.replay, name="replay"),
    *[
        path(f"webhooks/<ref>/{what}", pages.act, {"what": what}, name=what)
        for what in ("pause", "resume", "test", "rotate", "remove")
    ],
]
