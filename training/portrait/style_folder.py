"""What is published of a style: weights in float16, a card, samples, numbers."""

import json
import re
import secrets
import shutil
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image

from artmodels.cards import check_card
from artmodels.checkpoints import CONFIG_NAME
from artmodels.errors import ConfigError
from artmodels.portrait.model import PortraitStylizer
from artmodels.portrait.style import PortraitStyle
from training.model_cards import Baseline, CardFacts, Data, Sample, Score, write_card
from training.portrait.exemplars import open_exemplars
from training.portrait.photo_models import open_photo_model
from training.portrait.settings import Latents, StyleSettings
from training.portrait.style_states import StyleJudge, fixed_codes, paths_of, state_folder
from training.publish import describe_run, describe_weights, replace_folder
from training.sheets import picture_sheet

__all__ = ["StyleWords", "published_folder", "write_style"]

NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
ROWS = 8
CITATION = """
@article{song2021agilegan,
  title = {AgileGAN: Stylizing Portraits by Inversion-Consistent Transfer Learning},
  author = {Song, Guoxian and Luo, Linjie and Liu, Jing and Ma, Wan-Chun and Lai, Chunpong and Zheng, Chuanxia and Cham, Tat-Jen},
  journal = {ACM Transactions on Graphics},
  year = {2021}
}
"""  # noqa: E501

EVALUATION = """
The Fréchet distance, on small features of this project or on VGG-16's, of {judged} random portraits of each attribute \
to the {exemplars} pictures that it learned from. It is no FID, and with so few pictures only the difference between \
the two columns says something.
"""
BASELINE = Baseline("distance_of_photos", "the photo model")


class StyleWords(NamedTuple):
    """What a person says of a style: its name, its id on the Hub, whose pictures it learned from, where they are."""

    name: str
    id: str
    credit: str
    url: str
    licence: str


def write_style(run: Path, settings: StyleSettings, words: StyleWords, *, photo: str, step: int | None) -> Path:
    """Writes RUN/published/<name>/, whole or not at all, of the nearest state or of the one after `step`.

    Raises:
        ConfigError: there is no state after that step, or no run.
    """
    if step is not None and not state_folder(run, step).is_dir():
        kept = sorted(int(path.name.removeprefix("step_")) for path in (run / "states").glob("step_*"))
        raise ConfigError(f"there is no state after step {step}; there are {', '.join(map(str, kept)) or 'none'}")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    style = PortraitStyle.from_pretrained(run / "best" if step is None else state_folder(run, step), device=device)
    source = open_photo_model(photo, device)
    target, draft = published_folder(run, words.name), run / f".writing-{secrets.token_hex(4)}"
    try:
        style.save_pretrained(draft, dtype=torch.float16)
        numbers = measure(style, source, run, settings)
        training = {"runs": [describe_run(run)], "weights": describe_weights(draft, style, "float16")}
        (draft / "samples").mkdir()
        style_sheet(style, source).save(draft / "samples" / "portraits.png")
        shutil.copyfile(run / "strip.png", draft / "samples" / "strip.png")
        for name, values in (("evaluation.json", numbers), ("training.json", training)):
            (draft / name).write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
        config = json.loads((draft / CONFIG_NAME).read_text(encoding="utf-8"))
        card = write_card(facts_of(words, style), config, numbers, training)
        check_card(card, {path.relative_to(draft).as_posix() for path in draft.rglob("*")})
        (draft / "README.md").write_text(card, encoding="utf-8")
        target.parent.mkdir(exist_ok=True)
        replace_folder(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def published_folder(run: Path, name: str) -> Path:
    """Where a style of that name is written; apart from what else a run keeps.

    Raises:
        ConfigError: the name is none that the Hub takes.
    """
    if not NAME.fullmatch(name):
        raise ConfigError(f"a style's name has letters, digits and - _ . between them, not {name!r}")
    return run / "published" / name


def measure(style: PortraitStyle, source: PortraitStylizer, run: Path, settings: StyleSettings) -> dict[str, float]:
    """How near the style's pictures and the photo model's own are to the exemplars."""
    config = style.config.generator
    exemplars = open_exemplars(run / "pictures", config.size, config.attributes, style.device)
    judge = StyleJudge(exemplars, settings, source)
    return {
        "distance": judge.distance(style),
        "distance_of_photos": judge.distance_of_photos(),
        "exemplars": sum(map(len, exemplars)),
        "judged": settings.judged,
    }


@torch.no_grad()
def style_sheet(style: PortraitStyle, source: PortraitStylizer) -> Image.Image:
    """Rows of a made photo and its portrait in every attribute, not chosen."""
    codes = fixed_codes(source, ROWS, Latents(two=0.0), 1)
    photos = source.decode(codes).clamp(-1, 1)
    paths = paths_of(style.config.generator.attributes)
    return picture_sheet([photos, *(style(codes, attribute=path) for path in paths)])


def facts_of(words: StyleWords, style: PortraitStyle) -> CardFacts:
    """The card's words for any style."""
    attributes, photo = style.config.generator.attributes, style.config.photo_model
    ways = f" It has a way of its own for {' and '.join(attributes)}." if attributes else ""
    chosen = f', attribute="{attributes[0]}"' if attributes else ""
    snippet = (
        "from artmodels import PortraitStylizer\n\n"
        f'stylizer = PortraitStylizer.from_pretrained("{photo}")\n'
        f'portrait = stylizer.stylize("photo.jpg", style="{words.id}"{chosen})\nportrait.save("portrait.png")'
    )
    columns = ", then in ".join(attributes) if attributes else "in this style"
    return CardFacts(
        name=words.name,
        title=f"Portrait style: {words.name}",
        summary=f"Draws the faces of photos in one style. It was tuned from `{photo}` and understands its codes.{ways}",
        snippet=snippet,
        data=(
            Data("The style's pictures", words.url or "#", words.licence, words.credit or "not said whose they are"),
        ),
        evaluation=EVALUATION,
        scores=(Score("distance", "Distance to its pictures", "lower", (BASELINE,)),),
        samples=(
            Sample("portraits.png", f"Random faces that the photo model made up, not chosen, {columns}."),
            Sample("strip.png", "Made-up faces, and their portraits as the training went on, a column for each state."),
        ),
        failures=("Glasses, hands, hats and whatever else the photo model does not know are lost.",),
        limitations=(
            "A portrait is no likeness to be relied on, and says nothing of the person.",
            "Draw nobody in a way that they would not agree to.",
        ),
        paper="Song et al.: AgileGAN: Stylizing Portraits by Inversion-Consistent Transfer Learning, SIGGRAPH 2021",
        paper_url="https://doi.org/10.1145/3450626.3459771",
        citation=CITATION,
        tags=("gan", "stylegan2", "portrait", "face"),
        license=words.licence,
    )
