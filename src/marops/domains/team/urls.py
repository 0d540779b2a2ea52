from django.urls import path

from marops.domains.team.pages import hours

app_name = "team"

urlpatterns = [
    path("team-hours", hours.people, name="hours"),
    path("team-hours/new", hours.new, name="hours-new"),
    path("team-hours/calendars/<slug:slug>", hours.calendar, name="calendar"),
    path("team-hours/<str:ref>", hours.person, name="hours-of"),
    path("team-hours/<str:ref>/absences", hours.absence_add, name="absence-add"),
    path("team-hours/absences/<uuid:absence_id>/remove", hours.absence_remove, name="absence-remove"),
]
