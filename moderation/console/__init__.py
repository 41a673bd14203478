"""The staff console's pages: look-up, account page, accounts, audit log.

`hosting.apps` imports this package when Django is ready; it hangs its pages on the console site.
"""

from hosting.console import console
from moderation.console import models, urls

console.pages.extend(urls.pages(console))
models.register(console)
