from django.urls import path

from marops.domains.scoring import pages

app_name = "scoring"

urlpatterns = [
    path("scoring", pages.models, name="models"),
    path("scoring/<slug:slug>", pages.model, name="model"),
    path("scoring/<slug:slug>/change", pages.change, name="change"),
    path("scoring/<slug:slug>/compare", pages.compare_versions, name="compare"),
    path("scoring/<slug:slug>/<int:version>/activate", pages.put_in_force, name="activate"),
    path("lifecycle", pages.lifecycle, name="lifecycle"),
    path("leads/<ref>/stage", pages.stage, name="stage"),
]
