import pytest

from artmodels.portrait.alignment import Square
from artmodels.portrait.tracking import FaceTrack


def test_trembling_is_damped_and_its_mean_kept():
    track, places = FaceTrack(), []
    for frame in range(200):
        tremble = 0.5 if frame % 2 else -0.5
        square = track.follow([Square(100 + tremble, 80, 50, 0)])
        assert square is not None
        places.append(square.x)
    later = places[100:]
    assert max(later) - min(later) < 0.25
    assert sum(later) / 100 == pytest.approx(100, abs=0.1)


def test_a_large_move_is_followed_at_once():
    track = FaceTrack()
    track.follow([Square(100, 80, 50, 0)])
    assert track.follow([Square(130, 80, 50, 0)]) == Square(130, 80, 50, 0)


def test_the_nearest_face_is_followed_not_the_first():
    track = FaceTrack()
    track.follow([Square(10, 10, 5, 0), Square(100, 80, 50, 0)], first=1)
    square = track.follow([Square(12, 10, 5, 0), Square(130, 80, 50, 0)])
    assert square is not None
    assert square.x == 130


def test_a_face_that_is_not_found_stays_where_it_was_but_has_no_place_before_it_was_seen():
    track = FaceTrack()
    assert track.follow([]) is None
    track.follow([Square(100, 80, 50, 0)])
    assert track.follow([]) == Square(100, 80, 50, 0)
