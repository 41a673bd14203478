"""The routes of decisions about an account, below `/account/`."""

from django.urls import path

from accounts.pages.centre.urls import of_accounts
from moderation.enforcement.pages import decisions

app_name = "decisions"

urlpatterns = of_accounts(
    [
        path("decisions", decisions.listed, name="listed"),
        path("decisions/<int:decision_id>", decisions.one, name="one"),
    ]
)
