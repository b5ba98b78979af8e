"""Rendered ShapeNet chairs as four design stages: sketch → normal → colour → lighting.

    python -m training.recipes.shapenet --source renders --out data/shapenet --size 256 --jobs 8 --test 500

Expects a folder a model and, for every view of it, square pictures of one size, one a render pass:

    renders/<model>/<view>_lighting.png    lit by one of the environments; transparent, or on its backdrop
    renders/<model>/<view>_colour.png      in white light
    renders/<model>/<view>_normal.png      normals in camera space, x right, y up, z to the eye, as (n + 1) / 2; or
    renders/<model>/<view>_depth.png       16 bits, distance along the camera's axis in any unit, 0 or 65535 for nothing

After Tseng et al. 2020, appendix A.2, where Adobe Dimension rendered two random views of each of 6 773 models, normals
came from the depth pass, and the sketch was drawn from the normals. The models are not part of this project: their
terms are at shapenet.org. Any renderer will do; `--field-of-view` is the width of its camera's picture, in degrees.

Differs: the sketch is XDoG of the normals' borders instead of Im2Pencil (see `line_extraction`), with the background
black, so that what faces the eye has an outline too. The split is by model, so that no chair is on both sides.

Takes about 0.06 s a picture and process at 256 px.
"""

import json
import os
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

from artmodels.errors import ConfigError, PictureError
from artmodels.images import load_picture
from training.command import tells_mistakes
from training.recipes.line_extraction import border_lines
from training.recipes.picture_folders import (
    Drawing,
    PictureFolder,
    Recipe,
    Report,
    kept_for_tests,
    prepare_stages,
    resized,
)

__all__ = ["STAGES", "ShapeNetConfig", "draw_view", "find_views", "normals_from_depth", "prepare_shapenet"]

Array = NDArray[np.floating[Any]]
STAGES = ("sketch", "normal", "colour", "lighting")
LAST = "_lighting.png"


@dataclass(frozen=True)
class ShapeNetConfig:
    """size: side of the stages in pixels; the paper's is 256. field_of_view: of the camera that made depth passes."""

    size: int = 256
    field_of_view: float = 49.13

    def __post_init__(self) -> None:
        if not 16 <= self.size <= 2048:
            raise ConfigError(f"size must be 16 to 2048, not {self.size}")
        if not 1 <= self.field_of_view <= 150:
            raise ConfigError(f"field_of_view must be 1 to 150 degrees, not {self.field_of_view}")


def prepare_shapenet(
    source: Path, out: Path, config: ShapeNetConfig, *, test: int | None = None, jobs: int = 1
) -> Report:
    """Writes OUT/sketch, OUT/normal, OUT/colour, OUT/lighting and OUT/metadata.jsonl, whose rows name the model.

    Args:
        source: the folder of renders.
        out: made if missing, continued if an earlier run was stopped.
        config: sizes and camera.
        test: number of test models (the paper: 500, each in two views); None for one in 32, by hash.
        jobs: worker processes.

    Raises:
        ConfigError: `source` has another layout, or the settings do not go together.
        PictureError: not one picture could be used.
    """
    views = find_views(source)
    tests = kept_for_tests({path.parent.name for path in views.pictures.values()}, test)
    recipe = Recipe("shapenet", asdict(config), STAGES, partial(draw_view, config=config))
    report = prepare_stages(recipe, views, out, test=0, jobs=jobs)
    _split_by_model(out / "metadata.jsonl", tests)
    return report


def find_views(source: Path) -> PictureFolder:
    """Lists the views by model and name; each stands for its lighting pass.

    Raises:
        ConfigError: the layout is another one.
    """
    if not source.is_dir():
        raise ConfigError(f"{source} is not a folder of renders")
    paths = sorted(source.glob(f"*/*{LAST}"))
    if not paths:
        raise ConfigError(f"{source} holds no <model>/<view>{LAST}")
    return PictureFolder(source, {f"{path.parent.name}-{path.name.removesuffix(LAST)}": path for path in paths}, {})


def draw_view(lighting: Path, *, config: ShapeNetConfig) -> Drawing:
    """Draws the four stages of one view; `sketch` is [size, size], the others [size, size, 3].

    Raises:
        PictureError: a pass is missing, broken, oblong or of another size than the others.
    """
    view = lighting.name.removesuffix(LAST)
    colour = lighting.with_name(f"{view}_colour.png")
    passes = {path: np.asarray(load_picture(path)) for path in (colour, lighting)}
    normals = _read_normals(lighting.with_name(view), config.field_of_view)
    for path, picture in passes.items():
        height, width = picture.shape[:2]
        if height != width or (height, width) != normals.shape[:2]:
            of_normals = f"{normals.shape[1]}x{normals.shape[0]}"
            raise PictureError(
                f"{path.name} is {width}x{height} and the normals {of_normals}; passes must be square and of one size"
            )
    encoded = _encode(np.where(normals.any(-1, keepdims=True), normals, [0.0, 0, 1]), config.size)
    cut_out = _encode(np.where(normals.any(-1, keepdims=True), normals, -1.0), 2 * config.size, unit=False)
    sketch = resized(border_lines(cut_out), config.size)
    small = (resized(picture, config.size) for picture in passes.values())
    return Drawing(
        dict(zip(STAGES, (sketch, encoded, *small), strict=True)), {"model": lighting.parent.name, "view": view}
    )


def normals_from_depth(depth: Array, field_of_view: float) -> Array:
    """Normals of a depth map, from the nearer neighbour along each side, so that edges stay sharp.

    Args:
        depth: [S, S], distance along the camera's axis in any unit; 0 or less where there is nothing.
        field_of_view: of the whole side, degrees.

    Returns:
        [S, S, 3], x right, y up, z to the eye; unit vectors that face the eye, zeros where there is nothing.
    """
    size = len(depth)
    reach = ((np.arange(size) + 0.5) / size * 2 - 1) * np.tan(np.radians(field_of_view) / 2)
    points = depth[..., None] * np.stack(np.broadcast_arrays(reach, -reach[:, None], -1.0), -1)
    is_there = depth > 0
    across, down = (_slope(points, depth, is_there, axis) for axis in (1, 0))
    normals = np.cross(down, across)
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    normals = np.where(length > 0, normals / np.where(length > 0, length, 1), [0.0, 0, 1])
    normals *= np.where((normals * points).sum(-1, keepdims=True) > 0, -1.0, 1.0)
    return normals * is_there[..., None]


def _slope(points: Array, depth: Array, is_there: NDArray[np.bool_], axis: int) -> Array:
    """Difference to the neighbour before or after, whichever is there and closer in depth."""
    steps, leaps = [], []
    for shift in (1, -1):
        beside = np.roll(points, shift, axis)
        is_known = np.roll(is_there, shift, axis) & is_there
        border = [slice(None), slice(None)]
        border[axis] = slice(0, 1) if shift == 1 else slice(-1, None)
        is_known[tuple(border)] = False
        steps.append(shift * (points - beside) * is_known[..., None])
        leaps.append(np.where(is_known, np.abs(np.roll(depth, shift, axis) - depth), np.inf))
    return np.where((leaps[0] <= leaps[1])[..., None], steps[0], steps[1])


def _read_normals(stem: Path, field_of_view: float) -> Array:
    """Normals [H, W, 3] of the normal pass, or of the depth pass where there is none; zeros for nothing."""
    normal, depth = (stem.with_name(f"{stem.name}_{name}.png") for name in ("normal", "depth"))
    if normal.exists():
        picture = _read(normal)
        if picture.ndim != 3 or picture.shape[2] not in (3, 4):
            raise PictureError(f"{normal.name} has no three channels")
        vectors = picture[..., 2::-1] / (np.iinfo(picture.dtype).max / 2) - 1
        length = np.linalg.norm(vectors, axis=-1, keepdims=True)
        # Transparent is nothing, and so is what is far from unit length, as black or grey.
        is_there = (np.abs(length - 1) < 0.5) & (picture[..., 3:] > 0 if picture.shape[2] == 4 else True)
        return np.where(is_there, vectors / np.maximum(length, 1e-6), 0.0)
    if not depth.exists():
        raise PictureError(f"has neither {normal.name} nor {depth.name}")
    distance = _read(depth)
    if distance.ndim != 2 or distance.dtype != np.uint16 or distance.shape[0] != distance.shape[1]:
        raise PictureError(f"{depth.name} must be square, of one channel and 16 bits")
    return normals_from_depth(np.where(distance == 65535, 0, distance).astype(np.float64), field_of_view)


def _read(path: Path) -> NDArray[Any]:
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED) if path.stat().st_size else None
    if picture is None:
        raise PictureError(f"{path.name} is not a picture")
    return np.asarray(picture)


def _encode(normals: Array, size: int, *, unit: bool = True) -> NDArray[np.uint8]:
    """Averages normals to [size, size, 3] bytes, (n + 1) / 2; `unit` makes them unit vectors again."""
    how = cv2.INTER_AREA if len(normals) >= size else cv2.INTER_LINEAR
    mean = cv2.resize(np.asarray(normals, np.float32), (size, size), interpolation=how)
    if unit:
        mean = mean / np.maximum(np.linalg.norm(mean, axis=-1, keepdims=True), 1e-6)
    return np.floor((mean + 1) * 127.5 + 0.5).astype(np.uint8)


def _split_by_model(metadata: Path, tests: frozenset[str]) -> None:
    rows = [json.loads(line) for line in metadata.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["split"] = "test" if row["model"] in tests else "train"
    part = metadata.with_name(f".{metadata.name}.part")
    part.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    part.replace(metadata)


@tells_mistakes
def main(
    source: Annotated[Path, typer.Option(help="Folder of renders, a folder a model.")],
    out: Annotated[Path, typer.Option(help="Where the stages go.")],
    size: Annotated[int, typer.Option(help="Side of the stages in pixels.")] = ShapeNetConfig.size,
    field_of_view: Annotated[float, typer.Option(help="Of the camera, degrees.")] = ShapeNetConfig.field_of_view,
    jobs: Annotated[int, typer.Option(help="Worker processes.")] = os.cpu_count() or 1,
    test: Annotated[int | None, typer.Option(help="Test models (paper: 500); otherwise one in 32.")] = None,
) -> None:
    """Prepares rendered chairs for training: sketch, normal, colour, lighting."""
    print(prepare_shapenet(source, out, ShapeNetConfig(size, field_of_view), test=test, jobs=jobs))


if __name__ == "__main__":
    typer.run(main)
