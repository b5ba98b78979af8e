"""The evaluation of tiny photo models and styles, from command to numbers and sheets that cards are written from."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from portrait_folders import draw_face, write_portraits
from torch.testing import assert_close
from typer import Typer
from typer.testing import CliRunner

from artmodels.errors import ConfigError
from artmodels.perceptual import load_features
from artmodels.portrait.config import EncoderConfig, PortraitConfig, StyleConfig, StyleGAN2Config
from artmodels.portrait.model import PortraitStylizer
from artmodels.portrait.paths import with_paths
from artmodels.portrait.style import PortraitStyle
from artmodels.portrait.stylegan2 import StyleGAN2
from training.model_cards import read_facts, write_card
from training.portrait import evaluate as command
from training.portrait.evaluate import evaluate_style
from training.portrait.inversions import by_encoder, decoded, optimised
from training.portrait.photo_evaluation import Options, evaluate_photo, grouped_sheet, open_held_out
from training.portrait.settings import STARTER_FEATURES
from training.portrait.style_evaluation import (
    FEWEST_HELD_OUT,
    distance_to,
    open_style_pictures,
    portrayed,
    swapped,
    usable_split,
)
from training.portrait.train_encoder import of_kind

GENERATOR = StyleGAN2Config(size=32, latent_dim=8, mapping_layers=2, channel_base=128, channel_max=8)
ENCODER = EncoderConfig(size=32, widths=(4, 4, 6, 8), units=(1, 1, 1, 1), head_width=8, levels=(2, 2))
NAMES = ("man", "woman")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Twelve for training, six for tests."""
    root = write_portraits(tmp_path_factory.mktemp("portraits") / "data", count=18, size=32)
    rows = [json.loads(line) for line in (root / "metadata.jsonl").read_text().splitlines()]
    splits = ["train"] * 12 + ["test"] * 6
    lines = [json.dumps({**row, "split": split}) for row, split in zip(rows, splits, strict=True)]
    (root / "metadata.jsonl").write_text("\n".join(lines) + "\n")
    return root


def write_style_pictures(root: Path, *, held_out: int = 0, count: int = 12) -> Path:
    """As many of each attribute as `count`, of which some are for tests."""
    (root / "full").mkdir(parents=True)
    rows = []
    for shift, name in enumerate(NAMES):
        for number in range(count):
            draw_face(500 * (shift + 1) + number, 32).save(root / "full" / f"{name}-{number:02d}.png")
            split = "test" if number < held_out else "train"
            rows.append(json.dumps({"id": f"{name}-{number:02d}", "split": split, "attribute": name}))
    (root / "metadata.jsonl").write_text("\n".join(rows) + "\n")
    return root


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return write_style_pictures(tmp_path_factory.mktemp("style") / "pictures")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    torch.manual_seed(0)
    fresh = PortraitStylizer(PortraitConfig(GENERATOR, ENCODER, "eyes"))
    for parameter in fresh.encoder.parameters():  # a fresh one finds the same latents in all photos
        parameter.data += 0.1 * torch.randn_like(parameter)
    return PortraitStylizer.from_pretrained(fresh.save_pretrained(tmp_path_factory.mktemp("photo")))


@pytest.fixture(scope="module")
def style(tmp_path_factory, model):
    """Both ways differ from the photo model's and from each other."""
    synthesis = with_paths(model.synthesis, NAMES, (8, 16))
    torch.manual_seed(1)
    for parameter in synthesis.parameters():
        parameter.data *= 1 + 0.2 * torch.randn_like(parameter)
    made = PortraitStyle(StyleConfig(synthesis.config, model.source))
    made.synthesis.load_state_dict(synthesis.state_dict())
    return PortraitStyle.from_pretrained(made.save_pretrained(tmp_path_factory.mktemp("style")))


@pytest.fixture(scope="module")
def plain(tmp_path_factory, model):
    """The photo model's generator itself as a style without attributes."""
    made = PortraitStyle(StyleConfig(GENERATOR, model.source))
    made.synthesis.load_state_dict(model.synthesis.state_dict())
    return str(made.save_pretrained(tmp_path_factory.mktemp("plain")))


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    return Options(most=8, made=30, steps=2, codes=tmp_path_factory.mktemp("codes"))


@pytest.fixture(scope="module")
def photo_evaluation(model, data, options):
    return evaluate_photo(model, data, options)


@pytest.fixture(scope="module")
def others(tmp_path_factory, model):
    """The same generator with the paper's other encoders."""
    kinds = {"deterministic": {"variational": False}, "one_code": {"repeats": True}}
    made = {name: of_kind(model, replace(ENCODER, **kind)) for name, kind in kinds.items()}
    return {name: str(other.save_pretrained(tmp_path_factory.mktemp(name))) for name, other in made.items()}


@pytest.fixture(scope="module")
def style_evaluation(model, style, plain, others, pictures, data, options):
    return evaluate_style(model, style.source, pictures, data, options, tables=[1, 2], single=plain, others=others)


def test_photos_are_measured_in_every_way_they_can_be_made_again(photo_evaluation):
    scores, _ = photo_evaluation
    for row in ("encoder", "w_plus", "z_plus", "nearest", "mean"):
        for what in ("difference", "distance", "turn", "hair", "skin"):
            assert f"reconstruction/{row}/{what}" in scores
    assert all(scores[f"reconstruction/{row}/seconds"] > 0 for row in ("encoder", "w_plus", "z_plus"))
    assert [scores[f"reconstruction/mean/{what}"] for what in ("turn", "hair", "skin")] == [0, 0, 0]
    assert (scores["held_out_portraits"], scores["training_portraits"], scores["made_portraits"]) == (6, 12, 30)


def test_sets_are_at_no_distance_from_themselves_and_of_one_from_each_other(photo_evaluation):
    scores, _ = photo_evaluation
    for name in ("training", "held_out"):
        assert scores[f"generator/{name}/to_{name}"] == pytest.approx(0, abs=1e-6)
    between = scores["generator/training/to_held_out"]
    assert between == pytest.approx(scores["generator/held_out/to_training"], rel=1e-6)
    assert 0 < scores["generator/blurred/to_training"] < scores["generator/mean/to_training"]


def test_codes_are_measured_beside_random_ones(photo_evaluation):
    scores, _ = photo_evaluation
    for row in ("encoder", "encoder_sample", "w_plus", "z_plus", "random"):
        assert {f"codes/{row}/apart", f"codes/{row}/spread"} <= scores.keys()
    layers = [f"nats/layer_{number:02d}" for number in range(1, GENERATOR.code_count + 1)]
    assert [name for name in scores if name.startswith("nats")] == layers
    assert scores["anisotropy"] > 0


def test_numbers_are_such_as_cards_take(photo_evaluation, style_evaluation):
    for scores, _ in (photo_evaluation, style_evaluation):
        assert {type(value) for value in scores.values()} == {int, float}
        json.dumps(scores, allow_nan=False)


def test_sheets_of_a_photo_model_show_what_captions_say(photo_evaluation):
    _, sheets = photo_evaluation
    cell = 32 + 4
    sizes = {name: sheet.size for name, sheet in sheets.items() if name != "latents"}
    assert sizes == {
        "random": (6 * cell + 4, 4 * cell + 4),
        "nearest": (2 * cell + 4, 8 * cell + 4),
        "reconstructions": (8 * cell + 4, cell + 4),
        "worst": (5 * cell + 4, 6 * cell + 4),
        "inversions": (5 * cell + 4, 6 * cell + 4),
    }


def test_the_evaluation_is_the_same_again_and_takes_the_codes_that_it_kept(photo_evaluation, model, data, options):
    again, _ = evaluate_photo(model, data, options)
    scores, _ = photo_evaluation
    timed = {name for name in scores if name.endswith("encoder/seconds")}
    assert {name: value for name, value in again.items() if name not in timed} == pytest.approx(
        {name: value for name, value in scores.items() if name not in timed}
    )
    assert len(list(options.codes.glob("*.safetensors"))) == 2


def test_a_generator_without_an_encoder_is_measured_by_optimisation_alone(model, data, options, tmp_path):
    generator = StyleGAN2(GENERATOR)
    generator.mapping.load_state_dict(model.mapping.state_dict())
    generator.synthesis.load_state_dict(model.synthesis.state_dict())
    source = str(generator.save_pretrained(tmp_path / "generator"))
    scores, _ = evaluate_photo(command.open_photo_model(source), data, options)
    assert "reconstruction/w_plus/distance" in scores
    assert not [name for name in scores if "encoder" in name or "nats" in name]


def test_kept_codes_are_of_one_model_and_one_set_of_photos(model, data, tmp_path):
    photos = open_held_out(model, data, 2).photos
    first = optimised(model, photos, "w+", 1, tmp_path)
    assert optimised(model, photos, "w+", 1, tmp_path).seconds == first.seconds
    for space, steps, shown in (("w+", 1, photos.flip(-1)), ("w+", 2, photos), ("z+", 1, photos)):
        optimised(model, shown, space, steps, tmp_path)
    assert len(list(tmp_path.iterdir())) == 4


def test_codes_of_the_encoder_are_those_of_the_model(model, data):
    photos = open_held_out(model, data, 2).photos
    with torch.no_grad():
        assert_close(decoded(model, by_encoder(model, photos).codes), model(photos))
    drawn = by_encoder(model, photos, seed=0).codes
    assert not torch.equal(drawn, by_encoder(model, photos).codes)
    assert_close(by_encoder(model, photos[:1], seed=0).codes, drawn[:1])


def test_photos_come_in_the_encoders_size_where_it_is_another(model, data):
    larger = PortraitStylizer(PortraitConfig(GENERATOR, replace(ENCODER, size=64), "eyes"))
    held_out = open_held_out(larger, data, 2)
    assert (held_out.photos.shape[-1], held_out.encoded.shape[-1]) == (32, 64)


def test_table_1_holds_the_style_beside_its_alternatives(style_evaluation):
    scores, _ = style_evaluation
    for row in ("style", "single_path", "swap_16", "photo_model", "recoloured"):
        assert {f"table_1/{row}/{what}" for what in ("frechet_starter", "turn", "hair", "skin")} <= scores.keys()
    same = [f"table_1/{row}/frechet_starter" for row in ("single_path", "photo_model")]
    assert scores[same[0]] == pytest.approx(scores[same[1]], rel=1e-3)
    assert scores["table_1/style/frechet_starter"] != pytest.approx(scores[same[0]], rel=1e-3)
    assert (scores["style_pictures"], scores["style_pictures_are_held_out"]) == (24, 0)


def test_table_2_holds_every_way_to_find_codes(style_evaluation):
    scores, _ = style_evaluation
    measures = ("frechet_starter", "turn", "hair", "skin", "apart", "spread", "seconds")
    for row in ("encoder", "encoder_sample", "deterministic", "one_code", "w_plus", "z_plus"):
        assert {f"table_2/{row}/{what}" for what in measures} <= scores.keys()
    assert scores["table_2/encoder/frechet_starter"] == pytest.approx(scores["table_1/style/frechet_starter"])


def test_sheets_of_a_style_show_photos_and_both_attributes(style_evaluation):
    _, sheets = style_evaluation
    assert {name: sheet.size for name, sheet in sheets.items()} == {
        "portraits": (9 * 36 + 4, 2 * 36 + 4),
        "worst": (3 * 36 + 4, 6 * 36 + 4),
        "nearest": (5 * 36 + 4, 6 * 36 + 4),
    }


def test_a_styles_own_pictures_are_at_no_distance_from_it(style, pictures):
    features = load_features(STARTER_FEATURES)
    opened = open_style_pictures(pictures, style, features)
    own = [one.batch(range(len(one))) for one in opened.pictures]
    assert distance_to(opened, own, features) == pytest.approx(0, abs=1e-6)
    assert distance_to(opened, own[::-1], features) > 0.1


def test_a_swap_at_the_largest_resolution_is_the_style_itself(model, style, data):
    codes = by_encoder(model, open_held_out(model, data, 2).photos).codes
    for own, mixed in zip(portrayed(style, codes), swapped(model, style, codes, 32), strict=True):
        assert_close(own, mixed)
    ways = portrayed(style, codes)
    assert not torch.equal(ways[0], ways[1])


def test_pictures_that_were_held_out_are_taken_where_they_are_enough(tmp_path):
    enough = write_style_pictures(tmp_path / "enough", held_out=FEWEST_HELD_OUT)
    assert usable_split(enough, NAMES) == "test"
    few = write_style_pictures(tmp_path / "few", held_out=FEWEST_HELD_OUT - 1)
    assert usable_split(few, NAMES) == "train"
    assert usable_split(few, (None,)) == "test"
    with pytest.raises(ConfigError, match="no two pictures of each"):
        usable_split(few, ("man", "child"))


def test_the_groups_of_a_sheet_stand_beside_each_other():
    first, second = torch.full((4, 3, 2, 2), -1.0), torch.full((4, 3, 2, 2), 1.0)
    sheet = grouped_sheet([first, second], across=2)
    row = [sheet.getpixel((4 + 6 * place, 4)) for place in range(4)]
    assert row == [(0, 0, 0), (255, 255, 255)] * 2
    assert sheet.size == (4 * 6 + 4, 2 * 6 + 4)


def test_codes_of_another_generator_are_refused(model, style, pictures, data, options, tmp_path):
    other = str(PortraitStylizer(model.config).save_pretrained(tmp_path / "other"))
    with pytest.raises(ConfigError, match="has another generator than"):
        evaluate_style(model, style.source, pictures, data, options, tables=[2], others={"deterministic": other})


def run(*words: object):
    app = Typer()
    app.command()(command.main)
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_command_writes_numbers_and_samples_into_one_folder(model, style, pictures, data, tmp_path):
    told = ["--photo", model.source, "--data", data, "--out", tmp_path / "out", "--steps", 0, "--made", 8]
    done = run(*told)
    assert done.exit_code == 0, done.output
    done = run(*told, "--style", style.source, "--pictures", pictures)
    assert done.exit_code == 0, done.output
    scores = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert {"reconstruction/encoder/distance", "table_1/style/frechet_starter"} <= scores.keys()
    assert not [name for name in scores if "w_plus" in name]
    for name in ("reconstructions", "random", "nearest", "latents", "portraits", "worst"):
        with Image.open(tmp_path / "out" / "samples" / f"{name}.png") as sheet:
            assert sheet.mode == "RGB"


@pytest.mark.parametrize("words", [["--table", "1"], ["--style", "toon"], ["--pictures", "."]])
def test_a_style_is_measured_with_its_pictures_or_not_at_all(words, model, data, tmp_path):
    done = run("--photo", model.source, "--data", data, "--out", tmp_path / "out", *words)
    assert done.exit_code == 1
    assert "with --style and --pictures" in done.output
    assert not (tmp_path / "out").exists()


def test_other_codes_and_models_without_an_encoder_are_told(model, style, pictures, data, options, tmp_path):
    other = PortraitStyle(StyleConfig(replace(GENERATOR, size=16), "unsaved")).save_pretrained(tmp_path / "other")
    with pytest.raises(ConfigError, match="is no style of"):
        evaluate_style(model, str(other), pictures, data, options, tables=[1])
    bare = PortraitStylizer(PortraitConfig(GENERATOR, None))
    with pytest.raises(ConfigError, match="has no encoder"):
        evaluate_style(bare, style.source, pictures, data, options, tables=[1])


CARDS = sorted(Path(command.__file__).parent.glob("card*.toml"))
TRAINING = {"runs": [], "weights": {"dtype": "float16", "bytes": 1, "parameters": 1, "sha256": "0"}}


@pytest.mark.parametrize("card", CARDS, ids=lambda path: path.stem)
def test_cards_name_only_what_is_measured_and_drawn(card, photo_evaluation, style_evaluation):
    scores, sheets = photo_evaluation if card.stem == "card_photo" else style_evaluation
    tiny = {name.replace("swap_16", "swap_32"): value for name, value in scores.items()}  # 32 pixels are the tiny size
    facts = read_facts(card)
    text = write_card(facts, {"config": {}, "model_class": "Portrait"}, scores | tiny, TRAINING)
    assert f"# {facts.title}" in text
    assert {sample.file for sample in facts.samples} == {f"{name}.png" for name in sheets}


def test_every_starter_of_portraits_has_a_card():
    names = {read_facts(card).name for card in CARDS}
    assert names == {"portrait-photo", *(f"portrait-style-{style}" for style in ("oil", "toon", "toy3d", "water"))}
