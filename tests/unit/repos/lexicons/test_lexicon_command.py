"""`manage.py lexicon`."""

import pytest
from django.core.management import CommandError, call_command

from repos.lexicons import known, resolving
from tests.unit.repos.lexicons.documents import DID, OTHER_DID, THING, lexicon_of


def test_a_lexicon_is_shown(network, capsys):
    network.publish(lexicon_of())
    resolving.resolve(THING)
    call_command("lexicon", THING)
    assert f"authority: {DID}" in capsys.readouterr().out


def test_what_nobody_asked_for_is_not_there(network):
    with pytest.raises(CommandError, match="not been looked up"):
        call_command("lexicon", THING)


def test_a_new_authority_is_accepted(network, capsys):
    network.publish(lexicon_of())
    resolving.resolve(THING)
    known.note_claim(THING, OTHER_DID)
    call_command("lexicon", THING, "--accept")
    assert known.wanted(5) == [THING]
    with pytest.raises(CommandError, match="no other DID"):
        call_command("lexicon", THING, "--accept")
