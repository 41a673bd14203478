"""URLs of the console's pages of enforcement, and who may open which."""

from typing import Final

from django.urls import URLPattern, path, re_path

from hosting.console.site import ConsoleSite
from moderation.console.enforcement import abuse, actions, appeals, legal, policies
from moderation.permissions import Deed

# An action's verb asks for its own deed.
PAGES: Final[dict[str, Deed]] = {
    "act": Deed.WARN,
    "undo_action": Deed.WARN,
    "policies": Deed.CASES_LOOK,
    "new_policy": Deed.POLICIES_CHANGE,
    "policy": Deed.POLICIES_CHANGE,
    "retire_policy": Deed.POLICIES_CHANGE,
    "notice_text": Deed.NOTICES_CHANGE,
    "block_network": Deed.RANGE_BLOCK,
    "unblock_network": Deed.RANGE_BLOCK,
    "appeals": Deed.CASES_LOOK,
    "decide_appeal": Deed.APPEALS_DECIDE,
    "legal": Deed.HOLD,
    "place_hold": Deed.HOLD,
    "ask_release": Deed.HOLD_RELEASE,
    "release_hold": Deed.HOLD_RELEASE,
    "export_evidence": Deed.EVIDENCE_EXPORT,
    "export_hold": Deed.EVIDENCE_EXPORT,
    "evidence_file": Deed.EVIDENCE_EXPORT,
    "deny_list": Deed.DENY_LIST,
    "abuse_notices": Deed.ABUSE_NOTICES,
    "acknowledge_notice": Deed.ABUSE_NOTICES,
    "name_authority": Deed.POLICIES_CHANGE,
    "drop_authority": Deed.POLICIES_CHANGE,
    "figures": Deed.TRANSPARENCY,
    "figures_csv": Deed.TRANSPARENCY,
}


def pages(site: ConsoleSite) -> list[URLPattern]:
    """URL patterns under `/console/`."""
    action = r"^accounts/(?P<did>did:[^/]+)/actions/(?P<name>[a-z0-9_]+)/"
    view = site.admin_view
    return [
        *_legal(site),
        *_abuse(site),
        re_path(rf"{action}$", view(actions.act), name="act"),
        re_path(rf"{action}undo/$", view(actions.undo), name="undo_action"),
        path("policies/", view(policies.listed), name="policies"),
        path("policies/new/", view(policies.edit), name="new_policy"),
        path("policies/<int:policy_id>/", view(policies.edit), name="policy"),
        path("policies/<int:policy_id>/retire/", view(policies.retire), name="retire_policy"),
        path(
            "policies/texts/<slug:name>/<slug:language>/", view(policies.text), name="notice_text"
        ),
        path("policies/networks/", view(policies.block_network), name="block_network"),
        path("policies/networks/remove/", view(policies.unblock_network), name="unblock_network"),
        path("appeals/", view(appeals.listed), name="appeals"),
        path("appeals/<int:decision_id>/", view(appeals.decide), name="decide_appeal"),
    ]


def _legal(site: ConsoleSite) -> list[URLPattern]:
    account = r"^accounts/(?P<did>did:[^/]+)/"
    hold = "legal/holds/<int:hold_id>/"
    view = site.admin_view
    return [
        path("legal/", view(legal.listed), name="legal"),
        re_path(rf"{account}hold/$", view(legal.place), name="place_hold"),
        re_path(rf"{account}evidence/$", view(legal.export), name="export_evidence"),
        path(f"{hold}ask/", view(legal.ask_release), name="ask_release"),
        path(f"{hold}release/", view(legal.release), name="release_hold"),
        path(f"{hold}evidence/", view(legal.export_hold), name="export_hold"),
        path(
            "legal/exports/<int:export_id>/evidence.zip",
            view(legal.download),
            name="evidence_file",
        ),
        path("legal/deny/", view(legal.deny_list), name="deny_list"),
    ]


def _abuse(site: ConsoleSite) -> list[URLPattern]:
    view, notices = site.admin_view, "abuse-notices/"
    return [
        path(notices, view(abuse.listed), name="abuse_notices"),
        path(
            f"{notices}<int:notice_id>/acknowledge/",
            view(abuse.acknowledge),
            name="acknowledge_notice",
        ),
        path(f"{notices}authorities/", view(abuse.name_authority), name="name_authority"),
        path(f"{notices}authorities/remove/", view(abuse.drop_authority), name="drop_authority"),
        path("figures/", view(abuse.month), name="figures"),
        path("figures/figures.csv", view(abuse.as_csv), name="figures_csv"),
    ]
