"""The routes of the public pages."""

from django.urls import path

from provider.pages import about
from provider.pages.status import views as status

app_name = "provider"
urlpatterns = [
    path("about", about.page, name="about"),
    path("about.json", about.document, name="about_json"),
    path("status", status.page, name="status"),
    path("status.json", status.document, name="status_json"),
    path("status.rss", status.feed, name="status_rss"),
]
