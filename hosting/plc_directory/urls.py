"""The directory's paths. A URLConf of its own: the directory listens on a port of its own."""

from django.urls import path, re_path

from hosting.plc_directory import views
from hosting.plc_directory.answers import directory_view

_DID = r"^(?P<did>[^/\0]+)"  # Postgres has no NUL in texts

urlpatterns = [
    path("", directory_view(get=views.home)),
    path("_health", directory_view(get=views.health)),
    path("export", directory_view(get=views.export)),
    re_path(_DID + "/?$", directory_view(get=views.document, post=views.submit)),
    re_path(_DID + "/data/?$", directory_view(get=views.data)),
    re_path(_DID + "/log/?$", directory_view(get=views.log)),
    re_path(_DID + "/log/audit/?$", directory_view(get=views.audit_log)),
    re_path(_DID + "/log/last/?$", directory_view(get=views.last)),
]

handler404 = views.unknown_path
handler500 = views.broken
