"""Puts hands of several sketchers, which share their features, into one.

    python -m training.sketch2image.join_hands --hand runs/ink/model:ink --hand runs/pencil/model:pencil=graphite \
        --out runs/sketcher

takes the hand `ink` of the first and `pencil` of the second, there called `graphite`; the first one given is drawn with
by default. `--out` gets `model/`, ready for `artmodels push`.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, NamedTuple

import torch
import typer

from artmodels.errors import ConfigError
from artmodels.sketch2image.sketcher import Sketcher
from training.command import tells_mistakes

__all__ = ["join_hands"]


class Taken(NamedTuple):
    """A hand of a saved sketcher, and its new name."""

    source: str
    hand: str
    name: str


def parse(words: str) -> Taken:
    """Of "folder:hand" or "folder:hand=name".

    Raises:
        ConfigError: there is no hand in it.
    """
    source, colon, rest = words.rpartition(":")
    if not colon or not source or not rest:
        raise ConfigError(f"a hand is given as folder:hand or folder:hand=name, not {words!r}")
    hand, _, name = rest.partition("=")
    return Taken(source, hand, name or hand)


def join_hands(taken: list[Taken]) -> Sketcher:
    """One sketcher with all of these hands.

    Raises:
        ConfigError: a sketcher has no such hand, two hands have one name, or sketchers see with other features.
    """
    sketchers = {one.source: Sketcher.from_pretrained(one.source) for one in taken}
    first = sketchers[taken[0].source]
    darkness = tuple(sketchers[one.source].darkness_of(one.hand) for one in taken)
    config = replace(first.config, hands=tuple(one.name for one in taken), darkness=darkness)
    joined = Sketcher(config)
    joined.features.load_state_dict(first.features.state_dict())
    for one in taken:
        source = sketchers[one.source]
        if replace(source.config, hands=("a",), darkness=()) != replace(config, hands=("a",), darkness=()):
            raise ConfigError(f"{one.source} has other networks than {taken[0].source}: their hands cannot be joined")
        pairs = zip(source.features.state_dict().values(), joined.features.state_dict().values(), strict=True)
        if not all(torch.equal(mine, other) for mine, other in pairs):
            raise ConfigError(f"{one.source} sees with other features than {taken[0].source}: they cannot be joined")
        joined.generators[one.name].load_state_dict(source.generators[one.hand].state_dict())
    return joined.eval()


@tells_mistakes
def main(
    hand: Annotated[list[str], typer.Option(help="folder:hand or folder:hand=name, as often as needed.")],
    out: Annotated[Path, typer.Option(help="Gets model/.")],
) -> None:
    joined = join_hands([parse(words) for words in hand])
    joined.save_pretrained(out / "model")
    print(f"{', '.join(joined.hands)} in {out / 'model'}")


if __name__ == "__main__":
    typer.run(main)
