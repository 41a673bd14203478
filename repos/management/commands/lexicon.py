"""`manage.py lexicon NSID [--accept]`: what is known of a lexicon of the network."""

from argparse import ArgumentParser

from django.core.management import BaseCommand, CommandError

from protocol import cid
from repos.lexicons import known
from repos.models import NetworkLexicon


class Command(BaseCommand):
    """Shows one lexicon, or believes the DID that its domain names now."""

    help = "Show a lexicon of the network, or accept the DID that its domain has come to name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("nsid")
        parser.add_argument("--accept", action="store_true", help="accept its domain's new DID")

    def handle(self, **options: object) -> None:
        nsid = str(options["nsid"])
        if options["accept"]:
            self._accept(nsid)
        lexicon = NetworkLexicon.objects.filter(pk=nsid).first()
        if lexicon is None:
            raise CommandError(f"{nsid} has not been looked up yet.")
        shown = {
            "authority": lexicon.did,
            "cid": cid.to_text(bytes(lexicon.cid)) if lexicon.cid else "",
            "resolved": lexicon.resolved_at,
            "last failure": lexicon.failure,
            "now named by its domain": lexicon.claimed_did,
        }
        for name, value in shown.items():
            if value:
                self.stdout.write(f"{name}: {value}")

    def _accept(self, nsid: str) -> None:
        if not known.accept_claim(nsid):
            raise CommandError(f"The domain of {nsid} names no other DID.")
        self.stdout.write("accepted; it is looked up again within seconds")
