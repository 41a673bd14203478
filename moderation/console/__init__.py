"""The staff console's pages: look-up, account page, accounts, sign-ups, invites, mail, audit log.

`hosting.urls` imports this package with the routes; it hangs its pages on the console site.
"""

from hosting.console.site import console
from moderation.console import invites, lists, mail, urls
from moderation.console.factors import step

console.way_in = step.way_in
console.pages.extend(urls.pages(console))
lists.register(console)
mail.register(console)
invites.register(console)
