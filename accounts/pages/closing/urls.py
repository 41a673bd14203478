"""The routes of an account's state and its end, below `/account/`."""

from django.urls import path

from accounts.pages.closing import ending, state

urlpatterns = [
    path("state", state.state, name="state"),
    path("state/appeal", state.appeal, name="appeal"),
    path("activate", state.activate, name="activate"),
    path("close", ending.close, name="close"),
    path("close/deactivate", ending.deactivate, name="deactivate"),
    path("close/delete", ending.delete, name="delete"),
]
