"""The routes of delegation."""

from django.urls import path

from accounts.pages.centre.urls import of_accounts
from accounts.pages.people import acting, people, visiting

urlpatterns = [
    path("account/visit", visiting.visit, name="visit"),
    path("account/visit/back", visiting.back, name="visit_back"),
    path("account/visit/accounts", acting.visitors, name="visitor"),
    path("account/visit/end", acting.end_visit, name="end_visit"),
    *of_accounts(
        [
            path("people", people.listed, name="people"),
            path("people/invite", people.invite, name="invite_person"),
            path("people/log", people.deeds, name="people_log"),
            path("people/<int:delegation_id>", people.one, name="person"),
            path("acting", acting.own, name="acting"),
        ]
    ),
]
