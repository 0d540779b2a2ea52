from django.urls import path

from marops.domains.workflows.pages import crews, editing, importing, outline, scenarios, showing

app_name = "workflows"

urlpatterns = [
    path("workflows", showing.workflows, name="workflows"),
    path("workflows/templates", showing.offered, name="templates"),
    path("workflows/templates/<slug>/begin", showing.begin, name="begin"),
    path("workflows/new", editing.new, name="new"),
    path("workflows/crews", crews.crews, name="crews"),
    path("workflows/crews/new", crews.new, name="crew-new"),
    path("workflows/crews/<slug:slug>", crews.crew, name="crew"),
    path("workflows/crews/<slug:slug>/change", crews.change, name="crew-change"),
    path("workflows/crews/<slug:slug>/undo", crews.undo, name="crew-undo"),
    path("workflows/crews/<slug:slug>/team", crews.from_team, name="crew-team"),
    path("workflows/crews/<slug:slug>/person", crews.member, name="crew-person"),
    path("workflows/crews/<slug:slug>/calendar", crews.calendar, name="crew-calendar"),
    path("workflows/import", importing.new, name="import"),
    path("workflows/import/facts", importing.facts, name="import-facts"),
    path("workflows/import/<uuid:file_id>", importing.plan, name="import-plan"),
    path("workflows/logs", importing.history, name="logs"),
    path("workflows/logs/<ref>", importing.log, name="log"),
    path("workflows/logs/<ref>/progress", importing.progress, name="log-progress"),
    path("workflows/logs/<ref>/discover", importing.discover, name="log-discover"),
    path("workflows/logs/<ref>/remove", importing.remove, name="log-remove"),
    path("workflows/<slug:slug>/edit", editing.canvas, name="edit"),
    path("workflows/<slug:slug>/check", editing.check, name="check"),
    path("workflows/<slug:slug>/sketch", editing.keep_sketch, name="sketch"),
    path("workflows/<slug:slug>/save", editing.save, name="save"),
    path("workflows/<slug:slug>/outline", outline.outline, name="outline"),
    path("workflows/<slug:slug>/outline/workflow", outline.facts, name="outline-facts"),
    path("workflows/<slug:slug>/outline/work", outline.work, name="outline-class-new"),
    path("workflows/<slug:slug>/outline/work/<str:ident>", outline.work, name="outline-class"),
    path("workflows/<slug:slug>/outline/steps/<str:ident>", outline.step, name="outline-step"),
    path("workflows/<slug>", showing.workflow, name="workflow"),
    path("workflows/<slug>/because", showing.because, name="because"),
    path("workflows/<slug>/bottleneck", scenarios.find_bottleneck, name="find-bottleneck"),
    path("workflows/<slug>/compare", scenarios.compare, name="compare"),
    path("workflows/<slug>/asked/<ref>", scenarios.progress, name="progress"),
    path("workflows/<slug>/what-if/<kind>", scenarios.new, name="scenario-new"),
    path("workflows/<slug>/map.svg", showing.svg, name="svg"),
]
