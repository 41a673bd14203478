"""The routes of the authorization server, but for the pages'."""

from django.urls import path

from accounts.oauth.endpoints import views

urlpatterns = [
    path(".well-known/oauth-protected-resource", views.protected_resource),
    path(".well-known/oauth-authorization-server", views.authorization_server),
    path("oauth/jwks", views.jwks),
    path("oauth/client-metadata.json", views.own_client),
    path("oauth/par", views.par),
    path("oauth/token", views.token),
    path("oauth/revoke", views.revoke),
]
