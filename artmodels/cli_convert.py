"""The command that turns checkpoints of other repositories into folders of this package."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["convert"]


def convert(
    file: Annotated[
        Path,
        typer.Argument(
            help="A .pkl of NVIDIA's stylegan2-ada-pytorch or stylegan3, or a .pt of rosinality's stylegan2."
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write; it must not exist.")],
    license: Annotated[
        str,
        typer.Option(help="Under which you hold FILE, and which its card will name: an id of the Hub's, or a name."),
    ],
    license_link: Annotated[str | None, typer.Option(help="Where that license can be read.")] = None,
) -> None:
    """Turn a StyleGAN2 checkpoint into a model folder that makes the same pictures. Nothing in FILE is run."""
    from artmodels.portrait.convert import convert as convert_file

    typer.echo(convert_file(file, output, license=license, license_link=license_link))
