"""Style codes of held-out photos, found in every way that the library and the paper's table 2 know."""

import hashlib
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from artmodels import seeds
from artmodels.errors import ConfigError
from artmodels.portrait.inversion import Space, invert
from artmodels.portrait.model import PortraitStylizer
from training.portrait.code_scores import BATCH, encode_all

__all__ = ["Found", "by_encoder", "check_same_generator", "decoded", "optimised"]


class Found(NamedTuple):
    """Style codes [N, L, D] of photos, on the CPU, and the seconds that each photo took."""

    codes: Tensor
    seconds: float


def by_encoder(model: PortraitStylizer, photos: Tensor, *, seed: int | None = None) -> Found:
    """The mean of the latents that the encoder finds, or with a seed, latents that it could be as well.

    Args: photos: [N, 3, S, S] of the encoder's size.
    """
    started = perf_counter()
    latents = encode_all(model, photos)
    drawn = latents.mean
    if seed is not None:
        noise = [seeds.normal(drawn.shape[1:], seed, "evaluation", place) for place in range(len(drawn))]
        drawn = latents.sample(torch.stack(noise))
    with torch.inference_mode():
        codes = torch.cat([model.codes(part.to(model.device)).cpu() for part in drawn.split(BATCH)])
    return Found(codes, (perf_counter() - started) / len(photos))


def optimised(model: PortraitStylizer, photos: Tensor, space: Space, steps: int, folder: Path) -> Found:
    """By optimisation, which takes so long that what was found is kept, and found again for the same model and photos.

    Args:
        photos: [N, 3, S, S] of the generator's size.
        folder: where codes are kept, in a file for each space, number of steps, generator and set of photos.
    """
    kept = folder / f"{space.replace('+', '_plus')}-{steps}-{fingerprint(model, photos)}.safetensors"
    if not kept.is_file():
        started = perf_counter()
        found = [invert(model, batch.to(model.device), space, steps).cpu() for batch in photos.split(BATCH)]
        seconds = torch.tensor((perf_counter() - started) / len(photos))
        folder.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")
        save_file({"codes": torch.cat(found).contiguous(), "seconds": seconds}, part)
        part.replace(kept)
    tensors = load_file(kept)
    return Found(tensors["codes"], float(tensors["seconds"]))


@torch.inference_mode()
def decoded(model: PortraitStylizer, codes: Tensor) -> Tensor:
    """Photos [N, 3, S, S] in [-1, 1] of codes, on the CPU."""
    return torch.cat([model.decode(part.to(model.device)).clamp(-1, 1).cpu() for part in codes.split(BATCH)])


def check_same_generator(model: PortraitStylizer, other: PortraitStylizer) -> None:
    """Raises: ConfigError: codes of the other model are of another generator."""
    theirs = generator_weights(other)
    own = generator_weights(model)
    if own.keys() != theirs.keys() or not all(torch.equal(value, theirs[name]) for name, value in own.items()):
        raise ConfigError(f"{other.source} has another generator than {model.source}: its codes cannot be compared")


def generator_weights(model: PortraitStylizer) -> dict[str, Tensor]:
    return {name: value.cpu() for name, value in model.state_dict().items() if not name.startswith("encoder.")}


def fingerprint(model: PortraitStylizer, photos: Tensor) -> str:
    """Of a generator and of photos, a name for what was made of both."""
    total = hashlib.sha256()
    for tensor in (*generator_weights(model).values(), photos):
        total.update(tensor.contiguous().numpy().tobytes())
    return total.hexdigest()[:12]
