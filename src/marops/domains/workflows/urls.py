from django.urls import path

from marops.domains.workflows.pages import showing

app_name = "workflows"

urlpatterns = [
    path("workflows", showing.workflows, name="workflows"),
    path("workflows/templates", showing.offered, name="templates"),
    path("workflows/templates/<slug>/begin", showing.begin, name="begin"),
    path("workflows/<slug>", showing.workflow, name="workflow"),
    path("workflows/<slug>/because", showing.because, name="because"),
    path("workflows/<slug>/map.svg", showing.svg, name="svg"),
]
