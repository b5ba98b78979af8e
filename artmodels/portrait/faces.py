"""Finding faces: their boxes, eyes and mouths, without any download."""

from dataclasses import dataclass
from math import ceil, hypot

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional
from torchvision.ops import nms

from artmodels import images
from artmodels.portrait.alignment import Point, Square, cut
from artmodels.portrait.face_networks import FaceNetworks, load_face_networks

__all__ = ["Face", "find_faces"]

WORKING_SIDE = 1024  # pixels of the longer side that are looked at
SMALLEST_FACE = 24  # pixels of those
PYRAMID_STEP = 0.709  # from the paper: half the area
WINDOW, STRIDE = 12, 2  # of the proposal network
PROPOSED, REFINED, ACCEPTED = 0.6, 0.7, 0.85  # the scores that each network asks for
MOST_CANDIDATES = 300
INPUT_SCALE = 127.5 / 128  # the networks' range is that of (byte - 127.5) / 128


@dataclass(frozen=True)
class Face:
    """A face in a picture; all places are in pixels, x to the right and y down, left and right as the viewer sees them.

    Attributes:
        box: left, top, right and bottom.
        score: how sure the detector is, up to 1.
        left_eye, right_eye: the pupils.
        nose: its tip.
        left_mouth, right_mouth: the corners of the mouth.
    """

    box: tuple[float, float, float, float]
    score: float
    left_eye: Point
    right_eye: Point
    nose: Point
    left_mouth: Point
    right_mouth: Point


@torch.inference_mode()
def find_faces(picture: Image.Image) -> list[Face]:
    """The faces in a picture, the largest first; upright ones, turned by up to about 40 degrees.

    Faces of less than about a fortieth of the picture's longer side are passed over.

    Args: picture: as `load_picture` reads it.
    Raises:
        ConfigError: the detector is not installed.
    """
    networks = load_face_networks()
    scale = min(1.0, WORKING_SIDE / max(picture.size))
    size = [max(WINDOW, round(side * scale)) for side in picture.size]
    pixels = images.to_tensor(picture.resize((size[0], size[1]), Image.Resampling.BOX, reducing_gap=2))[None]
    pixels = pixels * INPUT_SCALE
    boxes = refined(networks, pixels, proposals(networks, pixels))
    if not len(boxes):
        return []
    scores, boxes, points = output(networks, pixels, boxes)
    ratio = torch.tensor([side / small for side, small in zip(picture.size, size, strict=True)])
    faces = [
        looked_at_again(networks, picture, box, score, where)
        for box, score, where in zip(boxes * ratio.repeat(2), scores.tolist(), points * ratio, strict=True)
    ]
    return sorted(faces, key=lambda one: -(one.box[2] - one.box[0]) * (one.box[3] - one.box[1]))


def looked_at_again(networks: FaceNetworks, picture: Image.Image, box: Tensor, score: float, points: Tensor) -> Face:
    """The face with its points read off an upright cut of it: those of a turned face are less exact."""
    left, top, right, bottom = box.tolist()
    across_x, across_y = (points[1] - points[0]).tolist()
    turn = max(right - left, bottom - top) / 2 / max(hypot(across_x, across_y), 1e-6)
    square = Square((left + right) / 2, (top + bottom) / 2, across_x * turn, across_y * turn)
    upright = images.to_tensor(cut(picture, square, 48))[None] * INPUT_SCALE
    places = [square.place(u, v) for u, v in networks.output(upright)[2][0].tolist()]
    return Face((left, top, right, bottom), score, *places)


def proposals(networks: FaceNetworks, pixels: Tensor) -> Tensor:
    """Windows [N, 4] that may hold faces, from all sizes of the picture [1, 3, H, W]."""
    height, width = pixels.shape[-2:]
    scale, found = WINDOW / SMALLEST_FACE, []
    while min(height, width) * scale >= WINDOW:
        size = ceil(height * scale), ceil(width * scale)
        scores, offsets = networks.proposal(functional.interpolate(pixels, size, mode="bilinear", antialias=True))
        rows, columns = (scores[0] > PROPOSED).nonzero(as_tuple=True)
        corner = torch.stack([columns, rows], dim=1) * STRIDE
        windows = torch.cat([corner, corner + WINDOW], dim=1) / scale
        found.append(best(moved(windows, offsets[0, :, rows, columns].T), scores[0, rows, columns], 0.5))
        scale *= PYRAMID_STEP
    if not found:
        return pixels.new_zeros(0, 4)
    boxes, scores = (torch.cat(parts) for parts in zip(*found, strict=True))
    return best(boxes, scores, 0.7)[0]


def refined(networks: FaceNetworks, pixels: Tensor, boxes: Tensor) -> Tensor:
    """The boxes [M, 4] among candidates [N, 4] that the second network keeps, moved."""
    if not len(boxes):
        return boxes
    squares = squared(boxes)
    scores, offsets = networks.refinement(crops(pixels, squares, 24))
    kept = scores > REFINED
    return best(moved(squares[kept], offsets[kept]), scores[kept], 0.7)[0]


def output(networks: FaceNetworks, pixels: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Scores [M], boxes [M, 4] and points [M, 5, 2] of the faces among candidates [N, 4]."""
    squares = squared(boxes)
    scores, offsets, points = networks.output(crops(pixels, squares, 48))
    sides = (squares[:, 2:] - squares[:, :2])[:, None]
    places = squares[:, None, :2] + points * sides
    boxes = moved(squares, offsets)
    kept = (scores > ACCEPTED).nonzero()[:, 0]
    kept = kept[nms(boxes[kept], scores[kept], 0.5)]
    return scores[kept], boxes[kept], places[kept]


def best(boxes: Tensor, scores: Tensor, overlap: float) -> tuple[Tensor, Tensor]:
    """The boxes that no better one overlaps by that share of both, the best first."""
    kept = nms(boxes, scores, overlap)[:MOST_CANDIDATES]
    return boxes[kept], scores[kept]


def moved(boxes: Tensor, offsets: Tensor) -> Tensor:
    """Boxes [N, 4] with their edges shifted by offsets [N, 4] in sides."""
    return boxes + offsets * (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)


def squared(boxes: Tensor) -> Tensor:
    """The squares about boxes [N, 4] of their longer sides."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).amax(dim=1, keepdim=True) / 2
    return torch.cat([middle - half, middle + half], dim=1)


def crops(pixels: Tensor, boxes: Tensor, side: int) -> Tensor:
    """What boxes [N, 4] hold of a picture [1, 3, H, W], as [N, 3, side, side]; mid grey outside."""
    height, width = pixels.shape[-2:]
    found = []
    for left, top, right, bottom in boxes.round().int().tolist():
        right, bottom = max(right, left + 1), max(bottom, top + 1)
        inner = pixels[:, :, max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
        rim = (max(-left, 0), max(right - width, 0), max(-top, 0), max(bottom - height, 0))
        if inner.numel() == 0:
            found.append(pixels.new_zeros(1, 3, side, side))
        else:
            found.append(
                functional.interpolate(functional.pad(inner, rim), (side, side), mode="bilinear", antialias=True)
            )
    return torch.cat(found)
