from django.urls import path

from marops.domains.pipeline import pages

app_name = "pipeline"

urlpatterns = [
    path("opportunities", pages.opportunities, name="opportunities"),
    path("opportunities/new", pages.new, name="new"),
    path("opportunities/stages/<name>/adopt", pages.adopt, name="adopt"),
    path("opportunities/<ref>", pages.opportunity, name="opportunity"),
    path("opportunities/<ref>/change", pages.change, name="change"),
    path("opportunities/<ref>/stage", pages.move, name="move"),
]
