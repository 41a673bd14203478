"""The routes of the public pages."""

from django.urls import path

from provider.pages import about

app_name = "provider"
urlpatterns = [
    path("about", about.page, name="about"),
    path("about.json", about.document, name="about_json"),
]
