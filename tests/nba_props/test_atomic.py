"""Files are there whole or not at all."""

from __future__ import annotations

import pytest

from nba_props.atomic import opened_atomically, write_atomically


def test_what_fails_half_way_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    target = tmp_path / "x.csv"
    write_atomically(target, b"old")
    with pytest.raises(ZeroDivisionError), opened_atomically(target) as file:
        file.write(b"half")
        1 / 0  # noqa: B018
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_name_as_long_as_names_can_be_is_written_in_a_folder_that_is_made(tmp_path):
    target = tmp_path / "new" / ("ü" * 125 + ".csv")
    write_atomically(target, b"whole")
    assert target.read_bytes() == b"whole"
