"""URLs of the console's pages about labels."""

from django.urls import URLPattern, path

from hosting.console.site import ConsoleSite
from moderation.console.labels import editor, subjects, wizard


def pages(site: ConsoleSite) -> list[URLPattern]:
    """URL patterns under `/console/labels/`; those of an account are beside its page's."""
    value = "labels/values/<slug:identifier>/"
    routes = (
        ("labels/", wizard.shown, "labels"),
        ("labels/open/", wizard.open_account, "open_labeler"),
        ("labels/take/", wizard.take_account, "take_labeler"),
        ("labels/code/", wizard.request_code, "request_labeler_code"),
        ("labels/publish/", wizard.publish, "publish_labeler"),
        ("labels/key/", wizard.rotate_key, "rotate_labeler_key"),
        ("labels/declare/", wizard.declare, "declare_labeler"),
        ("labels/probe/", wizard.probe, "probe_labeler"),
        ("labels/retire/", wizard.retire, "retire_labeler"),
        ("labels/leave/", wizard.leave_identity, "take_labeler_out"),
        ("labels/resume/", wizard.resume, "resume_labeler"),
        ("labels/hiding/", wizard.set_hiding, "set_label_hiding"),
        ("labels/reports/", editor.scope, "labeler_reports"),
        ("labels/values/", editor.value, "new_label_value"),
        (value, editor.value, "label_value"),
        (f"{value}remove/", editor.remove_value, "remove_label_value"),
        ("labels/put/", subjects.put_on_any, "put_any_label"),
        ("labels/negate/", subjects.negate_on_any, "negate_any_label"),
    )
    return [path(at, site.admin_view(view), name=name) for at, view, name in routes]
