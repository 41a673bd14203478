"""Routes of the pages about webhooks: a tenant's, and the platform's by the same views."""

from collections.abc import Iterator
from typing import Any, Final

from provider.console.webhooks import views

_ROUTES: Final = (
    ("", views.listed, "s"),
    ("<int:webhook_id>/", views.shown, ""),
    ("<int:webhook_id>/rotate/", views.rotate, "_rotate"),
    ("<int:webhook_id>/switch/", views.switch, "_switch"),
    ("<int:webhook_id>/remove/", views.remove, "_remove"),
    ("<int:webhook_id>/replay/", views.replay, "_replay"),
    ("<int:webhook_id>/<int:delivery_id>/", views.delivery, "_delivery"),
    ("<int:webhook_id>/<int:delivery_id>/replay/", views.replay_one, "_replay_one"),
)
NAMES: Final = [f"webhook{suffix}" for _, _, suffix in _ROUTES]
PLATFORM_NAMES: Final = [f"platform_{name}" for name in NAMES]


def routes() -> Iterator[tuple[str, Any, str, dict[str, bool]]]:
    """Where, the view, the page's name, what the view is given."""
    for at, view, suffix in _ROUTES:
        yield f"webhooks/{at}", view, f"webhook{suffix}", {"is_platforms": False}
        platforms = {"is_platforms": True}
        yield f"platform/webhooks/{at}", view, f"platform_webhook{suffix}", platforms
