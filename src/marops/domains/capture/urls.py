from django.urls import path

from marops.domains.capture import pages

app_name = "capture"

urlpatterns = [
    path("imports", pages.history, name="imports"),
    path("imports/new", pages.new, name="new"),
    path("imports/new/<uuid:file_id>", pages.plan, name="plan"),
    path("imports/<ref>", pages.one, name="import"),
    path("imports/<ref>/progress", pages.progress, name="progress"),
]
