from django.urls import path

from marops.domains.team.pages import hours as pages

app_name = "team"

urlpatterns = [
    path("team-hours", pages.people, name="people"),
    path("team-hours/new", pages.new, name="new"),
    path("team-hours/calendars/<slug:slug>", pages.calendar, name="calendar"),
    path("team-hours/<str:ref>", pages.person, name="person"),
    path("team-hours/<str:ref>/absences", pages.absence_add, name="absence-add"),
    path("team-hours/absences/<uuid:absence_id>/remove", pages.absence_remove, name="absence-remove"),
]
