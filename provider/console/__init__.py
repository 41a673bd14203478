"""The provider's pages on the staff console: tenants and their wizard, settings, people, figures.

`hosting.urls` imports this package with the routes; it hangs its pages on the console site.
"""

from hosting.console.site import console
from moderation.console import page_deeds
from provider.console import urls

page_deeds.PAGES.update(urls.PAGES)
console.pages.extend(urls.pages(console))
