from django.urls import path

from marops.domains.routing import pages

app_name = "routing"

urlpatterns = [
    path("leads", pages.leads, name="leads"),
    path("leads/<ref>", pages.lead, name="lead"),
    path("leads/<ref>/because/<section>", pages.because, name="because"),
    path("leads/<ref>/owner", pages.hand_over, name="hand-over"),
]
