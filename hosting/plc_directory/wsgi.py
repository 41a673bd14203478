"""The directory as a process of its own: `hosting.plc_directory.wsgi:application`.

The same Django project, but with the directory's paths and without middleware: it knows no tenants,
no sessions and no pages, and answers under any host name.
"""

import os
from typing import Any

import django
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class DirectoryHandler(WSGIHandler):
    """Django's WSGI handler with one URLConf and no middleware."""

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002 - Django's signature
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        views = self._get_response  # type: ignore[attr-defined]  # django-stubs leaves it out
        self._middleware_chain = convert_exception_to_response(views)

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        request.urlconf = "hosting.plc_directory.urls"
        return super().get_response(request)


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hosting.plc_directory.settings")
django.setup(set_prefix=False)
application = DirectoryHandler()
