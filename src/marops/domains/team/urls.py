from django.urls import path

from marops.domains.team.pages import career, coverage, duties, growth, growth_team, hours, pictures

app_name = "team"

urlpatterns = [
    path("team", coverage.overview, name="overview"),
    path("team/coverage", coverage.coverage, name="coverage"),
    path("team/who", duties.who, name="who"),
    path("team/who.csv", duties.who_csv, name="who-csv"),
    path("team/who/<slug:role>/<slug:duty>/<str:ref>", duties.letter, name="letter"),
    path("team/house", pictures.house_page, name="house"),
    path("team-hours", hours.people, name="hours"),
    path("team-hours/new", hours.new, name="hours-new"),
    path("team-hours/calendars/<slug:slug>", hours.calendar, name="calendar"),
    path("team-hours/<str:ref>", hours.person, name="hours-of"),
    path("team-hours/<str:ref>/absences", hours.absence_add, name="absence-add"),
    path("team-hours/absences/<uuid:absence_id>/remove", hours.absence_remove, name="absence-remove"),
    path("career", career.career_map, name="career"),
    path("career/<str:ref>", career.career_of, name="career-of"),
    path("growth", growth.growth, name="growth"),
    path("growth/adopt", growth.adopt, name="growth-adopt"),
    path("growth/delete", growth.delete, name="growth-delete"),
    path("growth/export.<str:form>", growth.export, name="growth-export"),
    path("growth/mentor/<uuid:plan_id>", growth.mentor, name="growth-mentor"),
    path("growth/of/<str:ref>", growth.growth_of, name="growth-of"),
    path("growth/<slug:part>", growth.add, name="growth-add"),
    path("growth/<slug:part>/<uuid:ident>/<slug:what>", growth.change, name="growth-change"),
    path("team/growth", growth_team.growth_team, name="growth-team"),
]
