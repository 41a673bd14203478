"""A floor of free disk space."""

import pytest

from server.storage import free_space


def test_nothing_is_refused_while_there_is_room(settings, tmp_path):
    settings.FREE_SPACE_BYTES = 1
    free_space.check([tmp_path, tmp_path / "not there yet"])


def test_below_the_floor_of_any_of_the_disks_it_is_507(settings, tmp_path):
    settings.FREE_SPACE_BYTES = 2**62
    with pytest.raises(free_space.InsufficientStorage) as refusal:
        free_space.check()
    assert refusal.value.status == 507


def test_without_a_floor_nobody_looks(settings):
    settings.FREE_SPACE_BYTES = 0
    settings.DATA_DIR = None
    free_space.check()
