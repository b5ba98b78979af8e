"""One change to one stage, as a person asks for it and as a recipe keeps it."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image
from torch import Tensor

from artmodels import images, seeds
from artmodels.errors import ConfigError, PictureError
from artmodels.images import Frame, PictureSource
from artmodels.workflow.config import WorkflowConfig

if TYPE_CHECKING:
    from artmodels.workflow.opening import OpenedArtwork

__all__ = ["Edit", "Override", "edit_from_recipe", "edit_to_recipe", "overrides"]

# How far a picture's sides may be from the artwork's shape, as a share, before it would be squeezed.
SHAPE_TOLERANCE = 0.02


@dataclass(frozen=True)
class Edit:
    """Changes one stage: by a picture painted by hand, by a latent, a seed that draws one, or another artwork's.

    Args:
        stage: name of the stage.
        picture: the stage as it shall be; any stage but the last.
        latent: the latent of the step that renders the stage, [Z] or [1, Z]; any stage but the first.
        seed: draws that latent from the prior; any stage but the first.
        like: an artwork, opened or not, whose latent of that step is taken; any stage but the first.
        amount: how far to go from the artwork's own latent (0) to the new one (1); not with a picture.
    """

    stage: str
    picture: PictureSource | None = None
    latent: Tensor | Sequence[float] | None = None
    seed: int | None = None
    like: "PictureSource | OpenedArtwork | None" = None
    amount: float = 1.0

    def __post_init__(self) -> None:
        given = [name for name in ("picture", "latent", "seed", "like") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ConfigError(
                f"an edit of {self.stage!r} takes exactly one of picture, latent, seed and like, "
                f"not {' and '.join(given) or 'none of them'}"
            )
        if self.picture is not None and self.amount != 1:
            raise ConfigError(f"amount goes with latent, seed or like; a picture of {self.stage!r} is taken whole")
        check_amount(self.amount)


def check_amount(amount: Any) -> float:
    is_number = isinstance(amount, int | float) and not isinstance(amount, bool)
    if not is_number or not 0 <= amount <= 1:
        raise ConfigError(f"amount must be a number from 0 (the artwork's own latent) to 1, not {amount!r}")
    return float(amount)


@dataclass(frozen=True)
class Override:
    """What takes a stage's place: the stage itself [1, C, S, S], or the latent [1, Z] that renders it, and how much."""

    picture: Tensor | None = None
    latent: Tensor | None = None
    amount: float = 1.0


ReadLatent = Callable[[Any, int], Tensor]
"""From an artwork and the number of a stage to the latent [1, Z] that renders that stage."""


def overrides(
    edits: Sequence[Edit], config: WorkflowConfig, frame: Frame, read_latent: ReadLatent
) -> dict[int, Override]:
    """Stage number to what takes its place; `read_latent` reads those of other artworks.

    Raises:
        ConfigError: no edit, an unknown stage, a stage named twice, a change that its stage cannot take, or a
            misshapen latent.
        PictureError: a picture that cannot be read or is not of the artwork's shape.
    """
    if not edits:
        raise ConfigError(f"nothing to edit: name a stage ({', '.join(config.stages)}) and its change")
    found: dict[int, Override] = {}
    for edit in edits:
        if not isinstance(edit, Edit):
            raise ConfigError(f"edits is a list of Edit(stage, picture=, latent=, seed= or like=), it holds {edit!r}")
        stage = number_of(edit.stage, config)
        if stage in found:
            raise ConfigError(f"stage {edit.stage!r} is edited twice; give one edit a stage")
        check_kind(stage, is_picture=edit.picture is not None, config=config)
        if edit.picture is not None:
            found[stage] = Override(picture=fit_to_artwork(edit, config.channels[stage], frame))
        else:
            found[stage] = Override(latent=new_latent(edit, stage, config, read_latent), amount=float(edit.amount))
    return found


def number_of(stage: str, config: WorkflowConfig) -> int:
    if stage not in config.stages:
        raise ConfigError(f"no stage is called {stage!r}; there are {', '.join(config.stages)}")
    return config.stages.index(stage)


def check_kind(stage: int, *, is_picture: bool, config: WorkflowConfig) -> None:
    name = config.stages[stage]
    if is_picture and stage == config.steps:
        raise ConfigError(f"{name!r} is the finished artwork: re-sample it by seed or edit an earlier stage")
    if not is_picture and stage == 0:
        raise ConfigError(f"{name!r} is the first stage and has no latent: give a picture of it")


def new_latent(edit: Edit, stage: int, config: WorkflowConfig, read_latent: ReadLatent) -> Tensor:
    if edit.seed is not None:
        return seeds.normal((1, config.latent_dim), edit.seed, edit.stage)
    if edit.like is not None:
        return read_latent(edit.like, stage).cpu()
    return latent_row(edit.latent, config)


def latent_row(latent: Any, config: WorkflowConfig) -> Tensor:
    """A latent given as [Z] or [1, Z] numbers, as float32 [1, Z]."""
    try:
        row = torch.as_tensor(latent, dtype=torch.float32).detach()
    except (TypeError, ValueError, RuntimeError):
        row = torch.empty(0)
    if tuple(row.shape) not in ((config.latent_dim,), (1, config.latent_dim)) or not row.isfinite().all():
        raise ConfigError(f"a latent is {config.latent_dim} finite numbers, not {str(latent)[:80]!r}")
    return row.reshape(1, -1).cpu()


def checked_seeds(chosen: Any) -> list[int]:
    """A sequence of seeds as plain numbers.

    Raises:
        ConfigError: it is no sequence, or holds what is no seed.
    """
    try:
        entries = list(chosen)
    except TypeError:
        raise ConfigError(f"seeds must be a sequence of seeds, not {chosen!r}") from None
    return [seeds.check_seed(entry) for entry in entries]


def seed_for_each_step(chosen: Any, config: WorkflowConfig) -> list[int]:
    """One seed repeated for every step, or a sequence that holds one for each.

    Raises:
        ConfigError: what is given is neither.
    """
    if hasattr(chosen, "__iter__") and getattr(chosen, "ndim", None) != 0:
        found = checked_seeds(chosen)
    else:
        found = [seeds.check_seed(chosen)] * config.steps
    if len(found) != config.steps:
        raise ConfigError(f"seeds must be one seed or {config.steps} of them, not {len(found)}")
    return found


def fit_to_artwork(edit: Edit, channels: int, frame: Frame) -> Tensor:
    """The painted stage in the artwork's own square, in steps of one byte, so that a recipe holds it exactly."""
    assert edit.picture is not None
    picture = images.load_picture(edit.picture)
    if abs(picture.width * frame.height / (picture.height * frame.width) - 1) > SHAPE_TOLERANCE:
        raise PictureError(
            f"the edited {edit.stage!r} is {picture.width} x {picture.height} pixels, "
            f"the artwork {frame.width} x {frame.height}: both need the same shape"
        )
    if picture.size != (frame.width, frame.height):
        picture = picture.resize((frame.width, frame.height), Image.Resampling.BICUBIC)
    square, _ = images.fit(picture, frame.size, channels)
    return images.to_tensor(images.to_picture(square), channels)[None]


def edit_to_recipe(stage: str, change: Override) -> dict[str, Any]:
    """Plain JSON values of one override; a picture becomes a PNG of the networks' square in base64."""
    if change.latent is not None:
        part = {} if change.amount == 1 else {"amount": change.amount}
        return {"stage": stage, "latent": change.latent[0].tolist(), **part}
    assert change.picture is not None
    buffer = BytesIO()
    images.to_picture(change.picture[0]).save(buffer, "PNG")
    return {"stage": stage, "square": base64.b64encode(buffer.getvalue()).decode()}


def edit_from_recipe(values: dict[str, Any], config: WorkflowConfig) -> tuple[int, Override]:
    """Stage number and override as `edit_to_recipe` wrote them.

    Raises:
        ConfigError: the values are not of that form.
    """
    try:
        stage = number_of(values["stage"], config)
        check_kind(stage, is_picture="latent" not in values, config=config)
        if "latent" in values:
            return stage, Override(
                latent=latent_row(values["latent"], config), amount=check_amount(values.get("amount", 1.0))
            )
        square = Image.open(BytesIO(base64.b64decode(values["square"])))
        if square.size != (config.size, config.size):
            raise ConfigError(f"its picture is {square.width} x {square.height} pixels, not {config.size} square")
        return stage, Override(picture=images.to_tensor(square, config.channels[stage])[None])
    except (KeyError, TypeError, ValueError, OSError, SyntaxError) as error:
        raise ConfigError(f"the recipe's edit cannot be read: {error}") from error
