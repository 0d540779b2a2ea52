from django.urls import path

from marops.domains.scoring import pages
from marops.domains.scoring.prediction import pages as predicting

app_name = "scoring"

urlpatterns = [
    path("scoring", pages.models, name="models"),
    path("scoring/<slug:slug>", pages.model, name="model"),
    path("scoring/<slug:slug>/change", pages.change, name="change"),
    path("scoring/<slug:slug>/compare", pages.compare_versions, name="compare"),
    path("scoring/<slug:slug>/<int:version>/activate", pages.put_in_force, name="activate"),
    path("predictions", predicting.predictions, name="predictions"),
    path("predictions/<slug:slug>", predicting.prediction, name="prediction"),
    path("predictions/<slug:slug>/compare", predicting.compare, name="prediction-compare"),
    path("predictions/<slug:slug>/leads", predicting.leads, name="prediction-leads"),
    path("predictions/<slug:slug>/train", predicting.train, name="prediction-train"),
    path("predictions/<slug:slug>/measure", predicting.measure, name="prediction-measure"),
    path("predictions/<slug:slug>/<int:version>/activate", predicting.put_in_force, name="prediction-activate"),
    path("lifecycle", pages.lifecycle, name="lifecycle"),
    path("leads/<ref>/stage", pages.stage, name="stage"),
]
