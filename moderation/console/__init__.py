"""The staff console's pages: look-up, account page, accounts, sign-ups, invites, mail, audit log.

`hosting.urls` imports this package with the routes; it hangs its pages on the console site.
"""

from hosting.console.site import console
from moderation.console import page_deeds, urls
from moderation.console.labels import listed
from moderation.console.lists import accounts, audit_log, mail, reports
from moderation.console.people import invites
from moderation.console.staff import openid_sign_in, second_step

console.way_in = second_step.way_in
console.sign_in_ways = openid_sign_in.providers
console.refusal = page_deeds.refusal
console.opened_to = page_deeds.opened_to
console.pages.extend(urls.pages(console))
for each in (accounts, audit_log, reports, mail, invites, listed):
    each.register(console)
