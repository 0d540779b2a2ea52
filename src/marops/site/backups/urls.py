from django.urls import path

from marops.site.backups import pages

app_name = "backups"
urlpatterns = [
    path("backups", pages.backups, name="backups"),
    path("backups/make", pages.make, name="make"),
    path("backups/<str:name>/test", pages.test, name="test"),
]
