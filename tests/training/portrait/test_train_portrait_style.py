"""A style is made in one command: pictures checked, paths by attribute, the nearest state written with its card."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from portrait_folders import draw_face
from typer import Typer
from typer.testing import CliRunner

from artmodels.errors import ConfigError
from artmodels.portrait.config import PortraitConfig
from artmodels.portrait.model import PortraitStylizer
from artmodels.portrait.style import PortraitStyle
from artmodels.portrait.stylegan2 import StyleGAN2
from training.portrait import train_style as command
from training.portrait.balance import LEAST, balance, colours_of
from training.portrait.data import Portraits
from training.portrait.discriminator import Discriminator
from training.portrait.encoded_photos import EncodedPhotos, InventedPhotos, Moved
from training.portrait.exemplars import FEWEST, attributes_of, open_exemplars, prepare_exemplars
from training.portrait.latents import silence
from training.portrait.painter import Painter, colour_distance
from training.portrait.photo_losses import face_of
from training.portrait.photo_models import open_photo_model
from training.portrait.presets import STYLE_PRESETS, TINY, TINY_ENCODER
from training.portrait.style_folder import StyleWords, published_folder, write_style
from training.portrait.train_style import new_judge, new_style, train_style

SETTINGS = STYLE_PRESETS["tiny"]


def draw_pictures(root: Path, folders: tuple[str, ...] = ("",), count: int = FEWEST) -> Path:
    for shift, folder in enumerate(folders):
        (root / folder).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            draw_face(100 * shift + number, 16).save(root / folder / f"{number:03d}.png")
    return root


def prepared(pictures: Path, out: Path) -> Path:
    prepare_exemplars(pictures, out, TINY.size, alignment="eyes", is_aligned=True)
    return out


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    torch.manual_seed(0)
    model = PortraitStylizer(PortraitConfig(TINY, TINY_ENCODER, "eyes"))
    return str(model.save_pretrained(tmp_path_factory.mktemp("photo")))


@pytest.fixture(scope="module")
def parted(tmp_path_factory):
    root = tmp_path_factory.mktemp("parted")
    return prepared(draw_pictures(root / "pictures", ("man", "woman")), root / "prepared")


def run(data: Path, out: Path, photo: str, *, steps: int = 2, resume: bool = False, **changes):
    settings = replace(SETTINGS, run=replace(SETTINGS.run, steps=steps), **changes)
    return train_style(settings, data, out, photo=photo, resume=resume)


def state_of(run_folder: Path, step: int) -> dict:
    return torch.load(run_folder / "checkpoints" / f"step_{step:08d}" / "state.pt", weights_only=True)["parts"]


def test_two_steps_train_every_path_and_what_is_not_frozen_of_the_judges(parted, photo, tmp_path):
    opponent = Discriminator(TINY).save_pretrained(tmp_path / "judge")
    train_style(SETTINGS, parted, tmp_path / "run", photo=photo, opponent=str(opponent))
    first, last = state_of(tmp_path / "run", 1), state_of(tmp_path / "run", 2)
    moved = {name for name, value in last["model"].items() if not torch.equal(value, first["model"][name])}
    assert {name for name in last["model"] if "noise_const" not in name} == moved
    assert {"synthesis.b8.0.conv1.weight", "synthesis.b8.1.conv1.weight", "synthesis.b16.conv1.weight"} <= moved
    still = {name for name, value in last["judges"].items() if torch.equal(value, first["judges"][name])}
    still -= {"0.b4.out.bias", "1.b4.out.bias"}  # hinges pull it up and down alike
    assert still == {f"{number}.b16.fromrgb.{kind}" for number in (0, 1) for kind in ("weight", "bias")}
    told = json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[-1])
    assert told.keys() >= {"adversary", "generator", "similarity", "r1", "path", "frechet_starter"}
    with Image.open(tmp_path / "run" / "strip.png") as strip:
        assert strip.size == (3 * 20 + 4, 12 * 20 + 4)  # photos and two states; six portraits, two ways each
    fresh = new_judge(PortraitStyle.from_pretrained(tmp_path / "run" / "best"), SETTINGS, None)
    assert all(weight.requires_grad for weight in fresh.parameters())
    states = sorted(path.name for path in (tmp_path / "run" / "states").iterdir())
    assert states == ["step_00000001", "step_00000002"]


def test_resumed_run_equals_an_unbroken_one_bit_for_bit(parted, photo, tmp_path):
    run(parted, tmp_path / "whole", photo, steps=3)
    run(parted, tmp_path / "broken", photo, steps=1)
    run(parted, tmp_path / "broken", photo, steps=3, resume=True)
    whole, broken = (state_of(tmp_path / folder, 3) for folder in ("whole", "broken"))
    for part in ("model", "average", "judges"):
        assert all(torch.equal(whole[part][name], broken[part][name]) for name in whole[part])


def test_a_style_learns_from_photos_too(parted, photo, portraits, tmp_path):
    alone, beside = (
        train_style(SETTINGS, parted, tmp_path / name, photo=photo, photos=given).state_dict()
        for name, given in (("alone", None), ("beside", portraits))
    )
    assert any(not torch.equal(alone[name], value) for name, value in beside.items())


def test_judges_wait_and_the_paired_term_can_be_left_out(parted, photo, tmp_path):
    run(parted, tmp_path / "alone", photo, alone=2)
    first, last = (state_of(tmp_path / "alone", step) for step in (1, 2))
    assert all(torch.equal(value, first["judges"][name]) for name, value in last["judges"].items())
    assert any(not torch.equal(value, first["model"][name]) for name, value in last["model"].items())
    told = json.loads((tmp_path / "alone" / "log.jsonl").read_text().splitlines()[-1])
    assert told.keys() & {"paired", "similarity", "generator"} == {"paired", "similarity"}
    run(parted, tmp_path / "unpaired", photo, paired=0.0, interval=2)
    lines = [json.loads(line) for line in (tmp_path / "unpaired" / "log.jsonl").read_text().splitlines()]
    assert ["generator" in line for line in lines] == [False, True]
    assert "paired" not in lines[1]


def test_colours_count_where_hair_and_face_are():
    photo = torch.zeros(1, 3, 64, 64)
    ground, cheek = photo.clone(), photo.clone()
    ground[..., :8], ground[..., -16:, :] = 1, 1
    cheek[..., 32:40, 16:24] = 1
    assert float(colour_distance(photo, ground)) == 0
    assert float(colour_distance(photo, cheek)) == pytest.approx(1 / 20)  # one of twenty cells


def test_pictures_that_are_made_again_as_they_are_lose_nothing(photo, parted):
    source = PortraitStylizer.from_pretrained(photo)
    source.encoder.log_variance.bias.data.fill_(-40.0)
    source.encoder.mean.bias.data.fill_(1.0)  # one code for all pictures
    style = new_style(source, (), SETTINGS, None)
    for part in (source, style):
        silence(part.synthesis)
    exemplars, draws = open_exemplars(parted, TINY.size, (), torch.device("cpu")), torch.Generator().manual_seed(0)
    with torch.no_grad():
        painter = Painter(style, source, SETTINGS, exemplars, None)
        painter.moved = [Moved(torch.zeros(()), torch.ones(()), torch.zeros(()))]
        made = source.decode(source.codes(torch.ones(3, TINY.code_count, TINY.latent_dim)))
        random = [painter.make(3, None, draws)]
        same, other = (painter.losses(random, [pictures], draws) for pictures in (made, made + 1))
        painter.settings = replace(SETTINGS, face=2.0)
        same_face, other_face = (painter.losses(random, [pictures], draws) for pictures in (made, made + 1))
    assert float(same["similarity"]) == pytest.approx(0, abs=1e-5)
    assert float(same["paired"]) == pytest.approx(0, abs=1e-5)
    assert float(other["paired"]) > 0.5  # of squares alone, times a half
    assert float(same_face["paired"]) == pytest.approx(0, abs=1e-5)
    counted = SETTINGS.paired * 2.0 * painter.distance(face_of(made), face_of(made + 1)).mean()
    assert float(other_face["paired"] - other["paired"]) == pytest.approx(float(counted), rel=1e-3)
    painter.settings = replace(SETTINGS, colour=3.0)
    lighter = random[0]._replace(pictures=random[0].pictures + 0.5)
    (kept,), (changed,) = ([painter.losses([each], [made], draws)["colour"]] for each in (random[0], lighter))
    assert (float(kept), float(changed)) == (pytest.approx(0, abs=1e-6), pytest.approx(3 * 0.25, rel=1e-4))
    bare = PortraitStylizer(replace(source.config, encoder=None))
    with pytest.raises(ConfigError, match="set paired to 0"):
        Painter(style, bare, SETTINGS, exemplars, None)


def test_latents_of_drawings_are_moved_to_where_those_of_photos_lie():
    generator = torch.Generator().manual_seed(0)
    drawings, photos = (torch.randn(500, 3, 4, generator=generator) * scale + 5 * scale for scale in (0.5, 1.5))
    for wanted, mean, spread in ((photos, photos.mean(0), photos.std(0)), (None, torch.zeros(3, 4), torch.ones(3, 4))):
        moved = Moved.between(drawings, wanted)(drawings)
        torch.testing.assert_close(moved.mean(0), mean, atol=1e-4, rtol=0)
        torch.testing.assert_close(moved.std(0), spread, atol=1e-4, rtol=0)
    doubled = torch.cat((drawings, drawings[:250]))
    shares = torch.cat((torch.full((250,), 0.5), torch.ones(250), torch.full((250,), 0.5))) / 500
    for one, other in zip(Moved.between(doubled, photos, shares), Moved.between(drawings, photos), strict=True):
        torch.testing.assert_close(one, other, atol=1e-3, rtol=1e-3)
    still = Moved.between(torch.ones(5, 3, 4), None)
    assert still(torch.ones(5, 3, 4)).abs().max() == 0  # what never changes goes to the middle


def test_exemplars_are_seen_as_often_as_photos_have_their_colours(parted, photo, portraits, tmp_path):
    draws = np.random.default_rng(0)
    pale, dark = (draws.normal(mean, 5, (100, 6)) for mean in (60, 20))
    own, wanted = np.concatenate((pale[:50], dark[:50])), np.concatenate((pale[50:], dark[50:60]))
    shares = balance(own, wanted)
    assert float(shares.sum()) == pytest.approx(1)
    assert float(shares[:50].sum() / shares[50:].sum()) == pytest.approx(5, rel=0.2)  # as fifty photos to ten
    assert float(balance(own, pale[50:])[50:].mean() * 100) == pytest.approx(LEAST / (0.5 * LEAST + 1), rel=0.1)
    source = PortraitStylizer.from_pretrained(photo)
    settings, style = replace(SETTINGS, balanced=True), new_style(source, (), SETTINGS, None)
    exemplars = open_exemplars(parted, TINY.size, (), torch.device("cpu"))
    (shares,) = Painter(style, source, settings, exemplars, portraits).shares
    photos = Portraits(portraits, source.config.encoder.size, split="train")
    torch.testing.assert_close(shares, balance(colours_of(exemplars[0]), colours_of(photos)))
    assert Painter(style, source, settings, exemplars, None).shares == [None]
    told = [
        (train_style(each, parted, tmp_path / name, photo=photo, photos=portraits), losses_of(tmp_path / name))[1]
        for name, each in (("plain", SETTINGS), ("balanced", settings))
    ]
    assert told[0] != told[1]


def losses_of(run_folder: Path) -> list[float]:
    return [json.loads(line)["paired"] for line in (run_folder / "log.jsonl").read_text().splitlines()]


def test_latents_of_photos_are_drawn_as_their_encoder_says(photo, portraits):
    model = PortraitStylizer.from_pretrained(photo)
    with torch.no_grad():
        model.encoder.mean.bias.fill_(3.0)
        model.encoder.log_variance.bias.fill_(-2.0)
    drawn = EncodedPhotos(model, portraits).draw(2000, torch.Generator().manual_seed(0))
    assert drawn.shape == (2000, TINY.code_count, TINY.latent_dim)
    assert drawn.mean() == pytest.approx(3.0, abs=0.01)
    assert drawn.std() == pytest.approx(math.exp(-1) / math.sqrt(3), abs=0.01)  # an even share of exp(-2 / 2)
    bare = PortraitStylizer(replace(model.config, encoder=None))
    with pytest.raises(ConfigError, match="has no encoder"):
        EncodedPhotos(bare, portraits)


def test_where_no_photos_are_given_the_photo_model_invents_some(photo, parted, tmp_path):
    source = PortraitStylizer.from_pretrained(photo)
    invented = InventedPhotos(source, 40)
    assert invented.batch(range(3)).shape == (3, 3, source.config.encoder.size, source.config.encoder.size)
    assert torch.equal(invented.batch([5, 7]), InventedPhotos(source, 40).batch(range(40))[[5, 7]])
    exemplars = open_exemplars(parted, TINY.size, (), torch.device("cpu"))
    settings, style = replace(SETTINGS, invented=40, balanced=True), new_style(source, (), SETTINGS, None)
    painter = Painter(style, source, settings, exemplars, None)
    torch.testing.assert_close(painter.photos.mean, source.encode(invented.batch(range(40))).mean)
    torch.testing.assert_close(painter.shares[0], balance(colours_of(exemplars[0]), colours_of(invented)))
    bare = PortraitStylizer(replace(source.config, encoder=None))
    assert Painter(style, bare, replace(settings, paired=0.0), exemplars, None).photos is None
    train_style(settings, parted, tmp_path / "run", photo=photo)
    assert len(losses_of(tmp_path / "run")) == SETTINGS.run.steps


def test_a_style_begins_as_its_photo_model(photo, parted):
    source = PortraitStylizer.from_pretrained(photo)
    codes = source.codes(torch.randn(2, TINY.code_count, TINY.latent_dim))
    with torch.no_grad():
        expected = source.decode(codes).clamp(-1, 1)
        for names in ((), ("man", "woman")):
            style = new_style(source, names, SETTINGS, "artmodels/portrait-photo")
            for path in range(len(names)) or (None,):
                torch.testing.assert_close(style(codes, attribute=path), expected)
    assert style.config.photo_model == "artmodels/portrait-photo"
    assert new_style(source, (), SETTINGS, None).config.photo_model == photo


def test_a_generator_without_an_encoder_serves_as_well(photo, tmp_path):
    source = PortraitStylizer.from_pretrained(photo)
    generator = StyleGAN2(TINY)
    generator.mapping.load_state_dict(source.mapping.state_dict())
    generator.synthesis.load_state_dict(source.synthesis.state_dict())
    opened = open_photo_model(str(generator.save_pretrained(tmp_path / "generator")))
    assert opened.encoder is None
    assert opened.source == str(tmp_path / "generator")
    codes = torch.randn(2, TINY.code_count, TINY.latent_dim)
    torch.testing.assert_close(opened.decode(opened.codes(codes)), source.decode(source.codes(codes)))


def test_it_ends_early_where_no_state_comes_nearer(parted, photo, tmp_path):
    slow = replace(SETTINGS.run, steps=40, learning_rate=1e-12, ema_decay=0.0)
    train_style(replace(SETTINGS, run=slow, patience=2), parted, tmp_path / "run", photo=photo)
    assert 3 <= len((tmp_path / "run" / "log.jsonl").read_text().splitlines()) < 40
    assert (tmp_path / "run" / "model" / "config.json").is_file()


def test_a_smaller_discriminator_grows_and_a_larger_one_is_told(parted, photo, tmp_path):
    small = Discriminator(replace(TINY, size=8)).save_pretrained(tmp_path / "small")
    style = new_style(PortraitStylizer.from_pretrained(photo), (), SETTINGS, None)
    assert new_judge(style, SETTINGS, str(small)).config == TINY
    Discriminator(replace(TINY, size=32)).save_pretrained(tmp_path / "large")
    with pytest.raises(ConfigError, match="networks of 32 pixels grow to that size or a larger one, not to 16"):
        train_style(SETTINGS, parted, tmp_path / "run", photo=photo, opponent=str(tmp_path / "large"))


def test_minutes_that_end_before_the_first_sheet_leave_a_style(photo, tmp_path):
    pictures = prepared(draw_pictures(tmp_path / "mine"), tmp_path / "run" / "pictures")
    late = replace(SETTINGS, run=replace(SETTINGS.run, steps=2, save_every=100, log_every=100))
    train_style(late, pictures, tmp_path / "run", photo=photo)
    words = StyleWords("early", "me/early", "Discs, CC0 1.0", "", "cc0-1.0")
    assert (write_style(tmp_path / "run", late, words, photo=photo, step=None) / "README.md").is_file()


def test_the_command_makes_a_style_that_loads_at_once(photo, tmp_path):
    app = Typer()
    app.command()(command.main)
    words = ["--pictures", draw_pictures(tmp_path / "mine"), "--name", "discs", "--out", tmp_path / "run", "--aligned"]
    words += [
        "--photo",
        photo,
        "--preset",
        "tiny",
        "--credit",
        "Discs, drawn by a test, CC0 1.0",
        "--licence",
        "cc0-1.0",
    ]
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    assert f"{FEWEST} of {FEWEST} pictures are usable" in done.output
    folder = tmp_path / "run" / "published" / "discs"
    style = PortraitStyle.from_pretrained(folder)
    assert style.config.photo_model == photo
    card = (folder / "README.md").read_text()
    assert "Discs, drawn by a test" in card
    assert "license: cc0-1.0" in card
    assert {path.name for path in (folder / "samples").iterdir()} == {"portraits.png", "strip.png"}
    numbers = json.loads((folder / "evaluation.json").read_text())
    assert numbers["exemplars"] == FEWEST


def test_a_person_may_choose_another_state(parted, photo, tmp_path):
    run(parted, tmp_path / "run", photo)
    (tmp_path / "run" / "pictures").symlink_to(parted)
    words = StyleWords("discs", "me/discs", "", "", "unknown")
    folder = write_style(tmp_path / "run", SETTINGS, words, photo=photo, step=1)
    chosen = PortraitStyle.from_pretrained(tmp_path / "run" / "states" / "step_00000001").state_dict()
    assert all(torch.equal(v, chosen[name]) for name, v in PortraitStyle.from_pretrained(folder).state_dict().items())
    with pytest.raises(ConfigError, match="no state after step 7; there are 1, 2"):
        write_style(tmp_path / "run", SETTINGS, words, photo=photo, step=7)
    assert PortraitStyle.from_pretrained(folder)


@pytest.mark.parametrize("name", ["", "../discs", "a/b", "-discs", "my discs"])
def test_a_name_that_is_no_folder_of_its_own_is_refused(name, tmp_path):
    with pytest.raises(ConfigError, match="a style's name has letters"):
        published_folder(tmp_path, name)


def test_no_name_can_take_the_place_of_what_a_run_keeps(tmp_path):
    assert published_folder(tmp_path, "best") != tmp_path / "best"


def test_folders_are_attributes_and_few_or_loose_pictures_are_told(tmp_path):
    both = prepared(draw_pictures(tmp_path / "both", ("man", "woman")), tmp_path / "out-both")
    assert attributes_of(both) == ("man", "woman")
    one = prepared(draw_pictures(tmp_path / "one", ("all",)), tmp_path / "out-one")
    assert attributes_of(one) == ()
    few = prepared(draw_pictures(tmp_path / "few", count=FEWEST - 1), tmp_path / "out-few")
    with pytest.raises(ConfigError, match=f"there are {FEWEST - 1}"):
        attributes_of(few)
    draw_pictures(tmp_path / "both", count=1)
    with pytest.raises(ConfigError, match="1 pictures lie beside the folders man, woman"):
        attributes_of(prepared(tmp_path / "both", tmp_path / "out-loose"))
