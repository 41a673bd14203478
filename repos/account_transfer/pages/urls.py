"""The routes of the place *Data*."""

from django.urls import path

from accounts.pages.centre.urls import of_accounts
from repos.account_transfer.moves import oauth_sign_in
from repos.account_transfer.pages import data, move, move_in, move_in_oauth

app_name = "data"

urlpatterns = [
    path("account/move-in", move_in.who, name="move_in"),
    path("account/move-in/password", move_in.with_password, name="move_in_with_password"),
    path("account/move-in/key", move_in.with_key, name="move_in_with_key"),
    path(oauth_sign_in.PURPOSE.path.removeprefix("/"), move_in_oauth.back, name="move_in_back"),
    path("account/move-in/session", move_in_oauth.with_session, name="move_in_with_session"),
    *of_accounts(
        [
            path("data", data.home, name="home"),
            path("data/archive", data.ask_for_archive, name="ask_for_archive"),
            path("data/archive.zip", data.archive, name="archive"),
            path("data/repo.car", data.repo_car, name="repo_car"),
            path("data/import", data.import_page, name="import"),
            path("data/import/upload", data.upload_repo, name="upload_repo"),
            path("data/blobs", data.blobs_page, name="blobs"),
            path("data/blobs/upload", data.upload_blobs, name="upload_blobs"),
            path("data/blobs/fetch", data.fetch_blobs, name="fetch_blobs"),
            path("move", move.move, name="move"),
            path("move/again", move.again, name="move_again"),
            path("move/sign-in", move.sign_in, name="move_sign_in"),
            path("move/oauth", move_in_oauth.again, name="move_oauth"),
            path("move/code", move.mail_code, name="move_code"),
            path("move/confirm", move.confirm, name="move_confirm"),
            path("move/operation", move.confirm_operation, name="move_operation"),
            path("move/document", move.confirm_document, name="move_document"),
            path("move/upload", move.upload, name="move_upload"),
        ]
    ),
]
