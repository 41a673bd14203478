"""Lexicons of the network, as their authorities publish them."""

from django.db import models


class NetworkLexicon(models.Model):
    """What is known of one NSID that is not bundled: its document, or why there is none.

    Public facts, shared by all hosts. `is_wanted` asks the resolver to look (again). A document
    stays in use while it cannot be renewed. `claimed_did` is another DID that the NSID's domain
    has come to name: nothing of it is believed until staff accepts it (repos.lexicons.known).
    """

    nsid = models.TextField(primary_key=True)
    is_wanted = models.BooleanField(default=True)
    due_at = models.DateTimeField()  # not looked up before
    did = models.TextField(default="")
    cid = models.BinaryField(null=True)
    document = models.BinaryField(null=True)  # DAG-CBOR, as the authority's repo holds it
    failure = models.TextField(default="")  # why the last attempt gave nothing; empty: it did
    claimed_did = models.TextField(default="")
    resolved_at = models.DateTimeField(null=True)
    needed_at = models.DateTimeField(null=True)  # by records or sessions here; null: only looked at

    class Meta:
        db_table = "network_lexicon"
        indexes = (
            models.Index(
                fields=["due_at"],
                name="network_lexicon_wanted",
                condition=models.Q(is_wanted=True),
            ),
        )

    def __str__(self) -> str:
        return self.nsid
