from django.urls import path

from marops.domains.capture import pages
from marops.domains.capture.intake import pages as intake

app_name = "capture"

urlpatterns = [
    path("imports", pages.history, name="imports"),
    path("imports/new", pages.new, name="new"),
    path("imports/new/<uuid:file_id>", pages.plan, name="plan"),
    path("imports/<ref>", pages.one, name="import"),
    path("intake", intake.intake, name="intake"),
    path("intake/keys/<uuid:token_id>/revoke", intake.revoke, name="intake-revoke"),
    path("imports/<ref>/progress", pages.progress, name="progress"),
]
