from importlib.util import find_spec

import numpy as np
import pytest
import torch
from PIL import Image
from portrait_pictures import EYES, astronaut

from artmodels.errors import ConfigError
from artmodels.portrait import face_networks
from artmodels.portrait.face_networks import (
    OutputNetwork,
    ProposalNetwork,
    RefinementNetwork,
    fill_from_channels_last,
    load_face_networks,
)
from artmodels.portrait.faces import find_faces

with_detector = pytest.mark.skipif(find_spec("mtcnn") is None, reason="needs the wheel of mtcnn, the faces extra")


def turned(picture: Image.Image, degrees: float) -> tuple[Image.Image, np.ndarray]:
    """The picture on a large grey page, turned clockwise about its middle, and where the eyes are then."""
    page = Image.new("RGB", (900, 800), (120, 130, 140))
    page.paste(picture, (200, 150))
    middle = np.array([450.0, 400.0])
    t = np.deg2rad(degrees)
    places = (np.add(EYES, (200, 150)) - middle) @ np.array([[np.cos(t), np.sin(t)], [-np.sin(t), np.cos(t)]]) + middle
    return page.rotate(-degrees, Image.Resampling.BICUBIC, fillcolor=(120, 130, 140)), places


def eye_error(face, eyes: np.ndarray) -> float:
    """Mean distance from the true places, in distances of the eyes."""
    found = np.array([face.left_eye, face.right_eye])
    return float(np.linalg.norm(found - eyes, axis=1).mean() / np.linalg.norm(eyes[1] - eyes[0]))


@with_detector
@pytest.mark.parametrize("degrees", [0, 20, -30])
def test_a_face_is_found_wherever_it_is_and_however_it_is_turned(degrees):
    page, eyes = turned(astronaut(), degrees)
    (face,) = find_faces(page)
    assert eye_error(face, eyes) < 0.08
    assert face.left_mouth[0] < face.right_mouth[0]
    assert face.score > 0.85


@with_detector
@pytest.mark.parametrize("scale", [0.4, 3])
def test_a_face_is_found_at_any_size(scale):
    picture = astronaut()
    picture = picture.resize([round(side * scale) for side in picture.size], Image.Resampling.LANCZOS)
    (face,) = find_faces(picture)
    assert eye_error(face, EYES * scale) < 0.08


@with_detector
def test_of_several_faces_the_largest_comes_first():
    picture = astronaut()
    page = Image.new("RGB", (900, 560), (90, 100, 90))
    page.paste(picture.resize((256, 256)), (20, 30))
    page.paste(picture, (320, 20))
    large, small = find_faces(page)
    assert eye_error(large, np.add(EYES, (320, 20))) < 0.08
    assert eye_error(small, np.add(EYES / 2, (20, 30))) < 0.1


@with_detector
def test_no_face_is_found_where_there_is_none():
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    for picture in (Image.fromarray(noise), Image.new("RGB", (640, 480), "white"), Image.new("RGB", (1, 1)),
                    astronaut().crop((0, 250, 512, 512)), Image.new("RGB", (3, 500))):  # fmt: skip
        assert find_faces(picture) == []


@with_detector
def test_loading_the_detector_leaves_chance_alone_and_its_package_unimported():
    import sys

    load_face_networks.cache_clear()
    before = torch.get_rng_state()
    load_face_networks()
    assert torch.equal(torch.get_rng_state(), before)
    assert "mtcnn" not in sys.modules


@pytest.mark.parametrize(
    ("network", "side", "shapes"),
    [
        (ProposalNetwork, 12, [(2, 1, 1), (2, 4, 1, 1)]),
        (ProposalNetwork, 30, [(2, 10, 10), (2, 4, 10, 10)]),
        (RefinementNetwork, 24, [(2,), (2, 4)]),
        (OutputNetwork, 48, [(2,), (2, 4), (2, 5, 2)]),
    ],
)
def test_the_networks_shapes_are_the_papers(network, side, shapes):
    outputs = network()(torch.rand(2, 3, side, side))
    assert [tuple(output.shape) for output in outputs] == shapes


def test_weights_of_another_layout_do_what_they_did_there():
    network = RefinementNetwork()
    random = np.random.default_rng(0)
    arrays = []
    for weight in network.parameters():
        shape = tuple(weight.shape)
        shape = {4: (*shape[2:], *shape[1:2], *shape[:1]), 2: shape[::-1], 1: shape}[len(shape)]
        arrays.append(random.normal(0, 0.2, shape).astype(np.float32))
    fill_from_channels_last(network, arrays)
    convolution = network.features[0]
    assert convolution.weight[5, 2, 0, 1].item() == pytest.approx(arrays[0][0, 1, 2, 5])
    linear = network.features[9]  # sees maps of 3 x 3, which were flattened column by column, channels last
    feature, row, column = 7, 2, 1
    assert linear.weight[4, feature * 9 + row * 3 + column].item() == pytest.approx(
        arrays[9][(column * 3 + row) * 64 + feature, 4]
    )
    assert network.offsets.weight[3, 100].item() == pytest.approx(arrays[12][100, 3])


def test_without_the_detector_one_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setattr(face_networks, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"artmodels\[faces\].*eyes by hand"):
        face_networks.read_arrays("pnet.lz4")


def test_weights_of_another_version_are_refused_unread(monkeypatch, tmp_path):
    (tmp_path / "assets" / "weights").mkdir(parents=True)
    (tmp_path / "assets" / "weights" / "pnet.lz4").write_bytes(b"a pickle that must not be opened")
    package = type("Spec", (), {"origin": str(tmp_path / "__init__.py")})
    monkeypatch.setattr(face_networks, "find_spec", lambda name: package)
    with pytest.raises(ConfigError, match=r"mtcnn 1\.0\.0"):
        face_networks.read_arrays("pnet.lz4")
