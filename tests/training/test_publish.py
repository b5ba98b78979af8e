import dataclasses
import json
import re
from pathlib import Path

import pytest
import torch
from card_words import FACTS, TOML
from huggingface_hub import ModelCard
from PIL import Image
from tiny_model import TinyConfig, TinyModel, trained

from artmodels.errors import ArtModelsError, CheckpointError, ConfigError
from artmodels.hub import MODEL_CLASSES, load_model
from training.model_cards import (
    Aim,
    CardFacts,
    Row,
    Sample,
    Score,
    read_facts,
    write_card,
)
from training.publish import describe_run, publish
from training.run import Run
from training.settings import RunSettings

ROOT = Path(__file__).parents[2]

NUMBERS = {
    "reconstruction": 0.05123,
    "reconstruction_by_mean_picture": 0.31415,
    "reconstruction_by_nearest": 0.22222,
    "spread_flat": 1.5,
    "table_3/none/distance": 0.87654,
    "table_3/none/deviation": 0.02345,
    "table_3/learned/distance": 0.5,
    "table_3/learned/deviation": 0.25,
    "held_out_artworks": 200,
}


@pytest.fixture(autouse=True)
def _tiny_is_a_published_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODEL_CLASSES, "TinyModel", "tiny_model")


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """A trained model, the folder of its training and its evaluation."""
    trained(seed=2).save_pretrained(tmp_path / "model")
    run = tmp_path / "generation"
    run.mkdir()
    facts = {
        "settings": {},
        "command": f"python -m training.tiny --data {tmp_path}/squares --out=/runs/generation --minutes 3",
        "commit": "0123456789abcdef",
        "hardware": "CPU, 2 threads",
        "versions": {"torch": "2.15.0"},
    }
    (run / "run.json").write_text(json.dumps(facts))
    lines = [{"step": step, "loss": 0.5, "seconds_per_step": 0.25} for step in (50, 1200)]
    (run / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "evaluation" / "samples").mkdir(parents=True)
    (tmp_path / "evaluation" / "evaluation.json").write_text(json.dumps(NUMBERS))
    Image.new("RGB", (8, 8), "red").save(tmp_path / "evaluation" / "samples" / "apart.png")
    Image.new("RGB", (8, 8), "blue").save(tmp_path / "evaluation" / "samples" / "unused.png")
    return tmp_path


def publish_from(inputs: Path, facts: CardFacts = FACTS, dtype: str = "float16") -> Path:
    return publish(
        inputs / "model",
        facts,
        inputs / "hub_configs" / facts.name,
        runs=[inputs / "generation"],
        evaluation=inputs / "evaluation",
        dtype=dtype,
    )


def read_json(path: Path) -> dict[str, object]:
    values: dict[str, object] = json.loads(path.read_text())
    return values


def card_of(folder: Path) -> str:
    return (folder / "README.md").read_text(encoding="utf-8")


def regenerated(folder: Path, facts: CardFacts) -> str:
    config, numbers, training = (read_json(folder / f"{name}.json") for name in ("config", "evaluation", "training"))
    return write_card(facts, config, numbers, training)  # type: ignore[arg-type]


def test_the_folder_holds_what_is_published_and_loads(inputs: Path) -> None:
    folder = publish_from(inputs)
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    files = ["README.md", "config.json", "evaluation.json", "model.safetensors", "samples", "samples/apart.png"]
    assert found == [*files, "training.json"]
    model = load_model(folder)
    assert model.config == TinyConfig()
    expected = trained(seed=2).encode.weight.half().float()
    assert torch.equal(model.get_parameter("encode.weight"), expected)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["tiny"]


def test_the_card_can_be_written_again_from_the_files_beside_it(inputs: Path) -> None:
    folder = publish_from(inputs)
    assert regenerated(folder, FACTS) == card_of(folder)


@pytest.mark.parametrize("card", sorted(ROOT.glob("training/*/card*.toml")), ids=lambda path: path.parent.name)
def test_every_published_card_is_what_its_words_and_numbers_make(card: Path) -> None:
    facts = read_facts(card)
    folder = ROOT / "hub_configs" / facts.name
    if not (folder / "README.md").is_file():
        pytest.skip(f"{facts.name} is not published yet")
    assert regenerated(folder, facts) == card_of(folder)


DIGITS = re.compile(r"\d[\d,]*(?:\.\d+)*")


def test_every_number_in_the_card_stands_in_one_of_the_files(inputs: Path) -> None:
    folder = publish_from(inputs)
    text = ModelCard(card_of(folder)).content
    texts = [(folder / name).read_text() for name in ("config.json", "evaluation.json", "training.json")]
    written = {number for source in [str(FACTS), "SHA-256", *texts] for number in DIGITS.findall(source)}
    whole = [float(number.replace(",", "")) for number in written if number.count(".") < 2]
    rounded = {f"{value:.3g}" for value in whole} | {f"{value:,.0f}" for value in whole if value == int(value)}
    ratio = "0.57"  # of two of the numbers, for an aim
    assert set(DIGITS.findall(text)) - written - rounded == {ratio}
    assert {"0.0512", "0.314", "0.222", "1.5", "200", "1,200"} <= set(DIGITS.findall(text))


def test_the_table_sets_the_model_against_its_baselines_and_hides_no_number(inputs: Path) -> None:
    card = card_of(publish_from(inputs))
    assert "| error of the artwork ↓ | **0.0512** | mean picture 0.314; nearest picture 0.222 |" in card
    assert "| `spread_flat` | 1.5 |" in card
    assert "| `held_out_artworks` | 200 |" in card


def test_a_table_of_the_paper_is_filled_from_the_numbers(inputs: Path) -> None:
    card = card_of(publish_from(inputs))
    rows = ["| | distance |", "| --- | --- |", "| as it is | 0.877 ± 0.0234 |", "| learned w | 0.5 ± 0.25 |"]
    assert "### After an edit\n\nOf 200 drawings.\n\n" + "\n".join(rows) in card
    assert "`table_3/" not in card


def test_a_table_whose_numbers_were_not_measured_is_refused(inputs: Path) -> None:
    table = dataclasses.replace(FACTS.tables[0], rows=(Row("table_3/z", "z"),))
    with pytest.raises(ConfigError, match="'distance', which was not measured"):
        publish_from(inputs, dataclasses.replace(FACTS, tables=(table,)))


def test_the_card_says_of_each_aim_whether_it_is_reached(inputs: Path) -> None:
    aims = (*FACTS.aims, Aim("spread", "spread_flat", at_least=1.5), Aim("more spread", "spread_flat", at_least=1.6))
    card = card_of(publish_from(inputs, dataclasses.replace(FACTS, aims=aims)))
    for line in (
        "| error | at most 0.06 | 0.0512 | yes |",
        "| learned over as it is | at most 0.5 | 0.57 | **no** |",
        "| spread | at least 1.5 | 1.5 | yes |",
        "| more spread | at least 1.6 | 1.5 | **no** |",
    ):
        assert line in card


@pytest.mark.parametrize("limits", [{}, {"at_most": 1.0, "at_least": 0.5}])
def test_an_aim_has_one_limit(limits: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="'error' needs one of at_most and at_least"):
        Aim("error", "reconstruction", **limits)


def test_the_words_take_their_numbers_from_the_files(inputs: Path) -> None:
    card = card_of(publish_from(inputs))
    assert "Takes drawings of 4 kinds apart; braces {stay}." in card
    assert "Measured on 200 drawings" in card
    assert "the error is 0.0512." in card


def test_the_training_is_told_without_folders_of_the_machine(inputs: Path) -> None:
    card = card_of(publish_from(inputs))
    assert "python -m training.tiny --data squares --out=generation --minutes 3" in card
    assert str(inputs) not in card
    assert "1,200 steps in 5 minutes on CPU, 2 threads, with torch 2.15.0, from commit `0123456789abcdef`." in card


def test_the_front_matter_is_what_the_hub_shows(inputs: Path) -> None:
    assert ModelCard(card_of(publish_from(inputs))).data.to_dict() == {
        "license": "apache-2.0",
        "library_name": "artmodels",
        "pipeline_tag": "image-to-image",
        "tags": ["art", "artmodels", "pytorch", "safetensors", "squares"],
        "widget": [{"text": "The first held-out drawings, not chosen", "output": {"url": "samples/apart.png"}}],
    }


def test_the_snippet_runs_as_it_stands(inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = publish_from(inputs)
    monkeypatch.setattr("artmodels.sources.STARTER_FOLDERS", (folder.parent,))
    blocks = re.findall(r"```python\n(.*?)```", card_of(folder), re.DOTALL)
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)
    assert isinstance(names["model"], TinyModel)


def test_publishing_again_replaces_everything(inputs: Path) -> None:
    publish_from(inputs)
    changed = dataclasses.replace(FACTS, title="Other", samples=(Sample("unused.png", "Blue"),))
    folder = publish_from(inputs, changed, dtype="float32")
    assert [path.name for path in (folder / "samples").iterdir()] == ["unused.png"]
    assert "# Other" in card_of(folder)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["tiny"]


def refusal(inputs: Path, kind: type[ArtModelsError], facts: CardFacts = FACTS, dtype: str = "float16") -> str:
    """Publish, expect a refusal, and expect that nothing was written."""
    before = sorted(inputs.rglob("*"))
    with pytest.raises(kind) as caught:
        publish_from(inputs, facts, dtype)
    (inputs / "hub_configs").mkdir(exist_ok=True)
    after = set(inputs.rglob("*")) - {inputs / "hub_configs"}
    assert after == set(before) - {inputs / "hub_configs"}
    return str(caught.value)


def test_weights_that_are_too_large_to_ship_are_refused(inputs: Path) -> None:
    TinyModel(TinyConfig(width=300_000)).save_pretrained(inputs / "model")
    message = refusal(inputs, CheckpointError, dtype="float32")
    assert re.fullmatch(
        r"the weights take \d\d\.\d MiB in float32, .* may take 16 MiB: .* push .*model to the Hub.*", message
    )


def test_a_number_that_was_not_measured_is_refused(inputs: Path) -> None:
    for facts in (
        dataclasses.replace(FACTS, scores=(Score("recnostruction", "error"),)),
        dataclasses.replace(FACTS, summary="It errs by {recnostruction}."),
    ):
        assert "'recnostruction', which was not measured: there are" in refusal(inputs, ConfigError, facts)


def test_a_measurement_written_by_hand_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'0\.05' is a measurement written by hand"):
        dataclasses.replace(FACTS, failures=("It errs by 0.05.",))


def test_a_picture_that_is_not_there_is_refused(inputs: Path) -> None:
    facts = dataclasses.replace(FACTS, samples=(Sample("best.png", "Chosen"),))
    assert "the card shows best.png, which is not in" in refusal(inputs, ConfigError, facts)


def test_a_license_that_the_hub_does_not_know_is_refused(inputs: Path) -> None:
    assert "no license 'apache'" in refusal(inputs, ConfigError, dataclasses.replace(FACTS, license="apache"))


def test_a_folder_with_files_of_others_is_left_alone(inputs: Path) -> None:
    (inputs / "hub_configs" / "tiny").mkdir(parents=True)
    (inputs / "hub_configs" / "tiny" / "notes.txt").write_text("mine")
    assert "holds notes.txt, which publishing did not make" in refusal(inputs, ConfigError)


def test_numbers_must_be_numbers(inputs: Path) -> None:
    path = inputs / "evaluation" / "evaluation.json"
    for content, words in (
        ('{"reconstruction": "good"}', "reconstruction must be a number, got 'good'"),
        ("[]", "must hold a JSON object"),
        ("{", "is not JSON"),
    ):
        path.write_text(content)
        assert words in refusal(inputs, ConfigError)
    path.unlink()
    assert "there is no" in refusal(inputs, ConfigError)


def test_a_folder_without_a_run_is_refused(inputs: Path) -> None:
    (inputs / "generation" / "log.jsonl").write_text("")
    assert "holds no log.jsonl with numbers" in refusal(inputs, ConfigError)


def test_a_dtype_that_is_not_one_is_refused(inputs: Path) -> None:
    assert "dtype must be one of float16, bfloat16, float32, got 'int8'" in refusal(inputs, ConfigError, dtype="int8")


def test_a_real_run_can_be_described(tmp_path: Path) -> None:
    settings = RunSettings(steps=3, log_every=1)
    run = Run[TinyModel](tmp_path / "run", settings, everything=settings)
    run.start(trained())
    for _ in run.steps():
        run.log({"loss": torch.tensor(0.5)})
    described = describe_run(tmp_path / "run")
    assert (described["name"], described["steps"]) == ("run", 3)
    assert described["minutes"] >= 0
    assert {"command", "commit", "hardware", "versions"} <= described.keys()


def test_the_words_are_read_from_toml(tmp_path: Path) -> None:
    (tmp_path / "card.toml").write_text(TOML)
    assert read_facts(tmp_path / "card.toml") == FACTS


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("title", "titel", "'titel'; did you mean 'title'"),
        ('key = "reconstruction"\n', "", "'scores[0].key' of Score is missing"),
        ("summary =", "summary", "is not TOML"),
    ],
)
def test_wrong_words_are_refused_by_place(tmp_path: Path, old: str, new: str, words: str) -> None:
    (tmp_path / "card.toml").write_text(TOML.replace(old, new, 1))
    with pytest.raises(ConfigError, match=re.escape(words)) as caught:
        read_facts(tmp_path / "card.toml")
    assert str(tmp_path / "card.toml") in str(caught.value)
