"""Draws every picture of a folder in each hand of a sketcher: further sketches to learn from (Liu 2021, section 3.1).

    python -m training.sketch2image.draw_sketches --sketcher runs/sketcher/model --data illustrations/ --picture full

writes `sketch_<hand>/` beside the pictures, with the same file names: lines as ink and paper, nothing between. Where
such a folder is complete, it is left as it is. The paper draws ten sketches of each picture.
"""

from pathlib import Path
from typing import Annotated

import torch
import typer

from artmodels.errors import ConfigError
from artmodels.folders import make_folder
from artmodels.images import load_picture, to_picture, to_tensor
from artmodels.sketch2image.sketcher import Sketcher, load_sketcher
from artmodels.sketch2image.xdog import Xdog
from training.command import DataFolder, tells_mistakes
from training.recipes.picture_folders import find_pictures

__all__ = ["draw_sketches"]


@torch.inference_mode()
def draw_sketches(finder: Sketcher | Xdog, data: Path, picture: str, hands: list[str]) -> int:
    """Returns how many sketches were drawn now.

    Raises:
        ConfigError: there is no such folder of pictures, or no such hand.
        PictureError: a picture cannot be read.
    """
    from tqdm import tqdm

    unknown = [hand for hand in hands if hand not in finder.hands]
    if unknown:
        raise ConfigError(f"there is no hand {unknown[0]!r}; there are {', '.join(finder.hands)}")
    folders = {hand: make_folder(data / f"sketch_{hand}") for hand in hands or finder.hands}
    drawn = 0
    for name, path in tqdm(find_pictures(data / picture).pictures.items(), unit="picture", disable=None):
        targets = {hand: folder / f"{name}.png" for hand, folder in folders.items()}
        missing = {hand: target for hand, target in targets.items() if not target.is_file()}
        if not missing:
            continue
        pixels = to_tensor(load_picture(path))[None].to(finder.device)
        for hand, target in missing.items():
            ink = (1 - finder.lines(pixels, hand)[0].float()) / 2
            partial = target.with_name(f".{target.name}.part")
            to_picture(torch.where(ink >= finder.ink_level(hand), -1.0, 1.0)).save(partial, format="PNG")
            partial.replace(target)
            drawn += 1
    return drawn


@tells_mistakes
def main(
    data: DataFolder,
    sketcher: Annotated[str, typer.Option(help="Saved sketcher, a Hub id, or xdog.")],
    picture: Annotated[str, typer.Option(help="Folder of the pictures in --data.")] = "full",
    hand: Annotated[list[str] | None, typer.Option(help="One hand, as often as needed; all by default.")] = None,
) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    finder = load_sketcher(sketcher) if sketcher == "xdog" else load_sketcher(sketcher, device=device)
    print(f"{draw_sketches(finder, data, picture, hand or [])} sketches drawn")


if __name__ == "__main__":
    typer.run(main)
