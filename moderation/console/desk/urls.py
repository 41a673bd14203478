"""URLs of the desk, under `/console/desk/`, and who may open which."""

from typing import Final

from django.urls import URLPattern, path

from hosting.console.site import ConsoleSite
from moderation.console.desk import action_limits, bulk, cases, deadlines, queue, record_frame
from moderation.permissions import Deed

# An action's verb asks for its own deed.
PAGES: Final[dict[str, Deed]] = {
    "desk": Deed.CASES_LOOK,
    "case": Deed.CASES_LOOK,
    "case_viewers": Deed.CASES_LOOK,
    "case_record": Deed.CASES_LOOK,
    "case_image": Deed.CASES_LOOK,
    "case_thread": Deed.CASES_LOOK,
    "keep_filter": Deed.CASES_LOOK,
    "drop_filter": Deed.CASES_LOOK,
    "deadlines": Deed.CASES_LOOK,
    "action_limits": Deed.CASES_LOOK,
    "export_cases": Deed.AUDIT_EXPORT,
    "take_next_case": Deed.CASES_ASSIGN,
    "open_case": Deed.CASES_ASSIGN,
    "take_case": Deed.CASES_ASSIGN,
    "assign_case": Deed.CASES_ASSIGN,
    "release_case": Deed.CASES_ASSIGN,
    "wait_with_case": Deed.CASES_ASSIGN,
    "note_on_case": Deed.CASES_NOTE,
    "act_on_case": Deed.CASES_ASSIGN,
    "close_report": Deed.CASES_CLOSE,
    "reopen_case": Deed.CASES_CLOSE,
    "bulk": Deed.CASES_LOOK,
    "preview_bulk": Deed.CASES_BULK,
    "start_bulk": Deed.CASES_BULK,
    "stop_bulk": Deed.CASES_BULK,
}
_CASE = "desk/cases/<int:case_id>/"


def pages(site: ConsoleSite) -> list[URLPattern]:
    """Each behind the site's permission check."""
    routes = (
        ("desk/", queue.listed, "desk"),
        ("desk/next/", queue.take_next, "take_next_case"),
        ("desk/open/", queue.open_case, "open_case"),
        ("desk/export/", queue.export, "export_cases"),
        ("desk/filters/", queue.keep_filter, "keep_filter"),
        ("desk/filters/<int:filter_id>/drop/", queue.drop_filter, "drop_filter"),
        ("desk/deadlines/", deadlines.table, "deadlines"),
        ("desk/limits/", action_limits.table, "action_limits"),
        ("desk/bulk/preview/", bulk.preview, "preview_bulk"),
        ("desk/bulk/start/", bulk.start, "start_bulk"),
        ("desk/bulk/<int:bulk_id>/", bulk.progress, "bulk"),
        ("desk/bulk/<int:bulk_id>/stop/", bulk.stop, "stop_bulk"),
        (_CASE, cases.case, "case"),
        (f"{_CASE}act/<slug:action>/", cases.act, "act_on_case"),
        (f"{_CASE}take/", cases.take, "take_case"),
        (f"{_CASE}assign/", cases.assign, "assign_case"),
        (f"{_CASE}release/", cases.release, "release_case"),
        (f"{_CASE}wait/", cases.wait, "wait_with_case"),
        (f"{_CASE}note/", cases.note, "note_on_case"),
        (f"{_CASE}reopen/", cases.reopen, "reopen_case"),
        (f"{_CASE}reports/<int:report_id>/close/", cases.close_report, "close_report"),
        (f"{_CASE}viewers/", cases.viewers, "case_viewers"),
        (f"{_CASE}record/", record_frame.record, "case_record"),
        (f"{_CASE}images/<slug:link>/", record_frame.image, "case_image"),
        (f"{_CASE}thread/", record_frame.thread, "case_thread"),
    )
    return [path(at, site.admin_view(view), name=name) for at, view, name in routes]
