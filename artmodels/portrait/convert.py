"""Turns StyleGAN2 checkpoints of other repositories into folders of this package."""

import hashlib
import json
import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import save_file
from torch import Tensor

from artmodels.cards import LICENSES, check_card
from artmodels.checkpoints import Header, fill
from artmodels.configs import config_to_dict
from artmodels.errors import CheckpointError, ConfigError
from artmodels.portrait.config import StyleGAN2Config
from artmodels.portrait.foreign_nets import ForeignNet, config_of
from artmodels.portrait.nvidia_pickles import read_nvidia
from artmodels.portrait.rosinality import read_rosinality
from artmodels.portrait.stylegan2 import StyleGAN2

__all__ = ["DISCRIMINATOR_NAME", "convert"]

DISCRIMINATOR_NAME = "discriminator.safetensors"
TORCH_FILES = (
    b"PK\x03\x04",
    b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19",
)  # torch.save's zip, and what it wrote before


def convert(source: str | Path, folder: str | Path, *, license: str, license_link: str | None = None) -> Path:
    """Write the generator of a checkpoint as a `StyleGAN2` that makes the same pictures, with a card.

    A discriminator in the file is written beside it, for trainings that go on from both; it is never published.

    Args:
        source: a pickle of NVIDIA's stylegan2-ada-pytorch or stylegan3, or a checkpoint of rosinality's
            stylegan2-pytorch. Nothing in it is run.
        folder: where to; it must not exist.
        license: under which you hold the file: an id of the Hub's, or its name. It stays that of the result.
        license_link: where that license can be read.

    Raises:
        CheckpointError: the file cannot be read or holds another kind of net, or `folder` cannot be written.
        ConfigError: no license is named.
    """
    path, target = Path(source).expanduser(), Path(folder).expanduser()
    terms = _checked_license(license, license_link)
    if target.exists():
        raise CheckpointError(f"{str(target)!r} exists: convert writes a new folder")
    net = _read(path)
    model = _model(net, str(path))
    draft = target.parent / f".converting-{secrets.token_hex(4)}"
    try:
        model.save_pretrained(draft)
        if net.discriminator is not None:
            _save_discriminator(net.discriminator, model.config, draft / DISCRIMINATOR_NAME)
        card = _card(target.name, path, net, model.config, terms)
        check_card(card, ())
        (draft / "README.md").write_text(card, encoding="utf-8")
        draft.rename(target)
    except OSError as error:
        raise CheckpointError(f"cannot write {str(target)!r}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def _read(path: Path) -> ForeignNet:
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise CheckpointError(f"cannot read {str(path)!r}: {error.strerror or error}") from error
    if start.startswith(TORCH_FILES):
        return read_rosinality(path)
    if start.startswith(b"\x80"):
        return read_nvidia(path)
    raise CheckpointError(
        f"{path} is neither a pickle of NVIDIA's stylegan2-ada-pytorch or stylegan3 nor a checkpoint of rosinality's "
        "stylegan2-pytorch"
    )


def _model(net: ForeignNet, where: str) -> StyleGAN2:
    config = config_of(net, where)
    with torch.random.fork_rng(devices=[]):
        model = StyleGAN2(config)
    fill(model, {name: value.float() for name, value in net.generator.items()}, where)
    return model


def _save_discriminator(tensors: Mapping[str, Tensor], config: StyleGAN2Config, path: Path) -> None:
    """One file that is its own config, as trainings take it."""
    values = Header("Discriminator", config_to_dict(replace(config, conv_clamp=None))).to_dict()
    metadata = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    weights = {name: value.float().contiguous() for name, value in tensors.items()}
    save_file(weights, path, metadata={"format": "pt", **metadata})


class License(NamedTuple):
    """Under what terms a file is held: an id of the Hub's or a name, and where they can be read."""

    name: str
    link: str | None

    def front_matter(self) -> str:
        known = self.name in LICENSES.split()
        slug = re.sub(r"[^a-z0-9.]+", "-", self.name.lower()).strip("-")
        lines = [f"license: {self.name}"] if known else ["license: other", f"license_name: {json.dumps(slug)}"]
        return "\n".join(lines if self.link is None else [*lines, f"license_link: {json.dumps(self.link)}"])


def _checked_license(name: str, link: str | None) -> License:
    if not re.search(r"\w", name) or "\n" in name or name.lower() in ("other", "unknown"):
        raise ConfigError(f"license must name the terms under which you hold the file, not be {name!r}")
    return License(name.strip(), link)


def _card(name: str, path: Path, net: ForeignNet, config: StyleGAN2Config, terms: License) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"""---
library_name: artmodels
pipeline_tag: unconditional-image-generation
{terms.front_matter()}
tags:
- art
- artmodels
- pytorch
- safetensors
- stylegan2
---

# {name}

A StyleGAN2 generator of pictures of {config.size} pixels, converted by `artmodels convert` from a file of
{net.made_by}. Its weights are those of that file, and so is its license, which also binds what is made from them.

| | |
| --- | --- |
| file | `{path.name}` |
| SHA-256 | `{digest}` |
| license | {terms.name if terms.link is None else f"[{terms.name}]({terms.link})"} |

```python
import torch
from artmodels.portrait.stylegan2 import StyleGAN2

generator = StyleGAN2.from_pretrained("{name}")
with torch.inference_mode():
    pictures = generator(torch.randn(4, {config.latent_dim}), psi=0.7)
```
"""
