"""The relay's pages on the staff console, for platform staff: hosts, and what they may do.

`hosting.urls` imports this package with the routes; it hangs its pages on the console site.
"""

from hosting.console.site import console
from moderation.console import page_deeds
from relay.console import urls

page_deeds.PAGES.update(urls.PAGES)
console.pages.extend(urls.pages(console))
