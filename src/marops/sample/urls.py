from django.urls import path

from marops.sample import pages

app_name = "sample"

urlpatterns = [
    path("sample", pages.page, name="page"),
    path("sample/remove", pages.take_away, name="remove"),
]
