"""The routes of the place *Data*."""

from django.urls import path

from accounts.pages.centre.urls import of_accounts
from repos.account_transfer.pages import data

app_name = "data"

urlpatterns = of_accounts(
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
    ]
)
