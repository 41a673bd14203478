"""URLs of the desk's public pages."""

from django.urls import path

from moderation.desk.pages import report

app_name = "desk"
urlpatterns = [path("report", report.report, name="report")]
