"""The documents keep their word: snippets run, commands exist, links lead somewhere, counts are true."""

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from importlib import import_module
from itertools import dropwhile, groupby
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer
from PIL import Image
from portrait_pictures import astronaut
from safetensors import safe_open
from typer.testing import CliRunner

from artmodels.cards import check_card
from artmodels.cli import app
from artmodels.hub import PUBLISHED

ROOT = Path(__file__).parents[1]
CARDS = sorted(ROOT.glob("hub_configs/*/README.md"))
READMES = [path for path in (ROOT / "README.md", *CARDS) if path.is_file()]
DOCUMENTS = [*READMES, *sorted(ROOT.glob("spaces/*/README.md"))]
EXAMPLES = ROOT / "spaces" / "workflow-editor" / "examples"
SHELL = ("sh", "bash", "shell", "console")

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


class Block(NamedTuple):
    """A fenced block: its language, the number of its first line from 0, and its lines."""

    language: str
    first: int
    lines: list[str]


def blocks(text: str, *languages: str) -> list[Block]:
    found, inside, rows = [], None, text.splitlines()
    for number, row in enumerate(rows):
        fence = re.match(r"\s*```(\w*)", row)
        if fence and inside is None:
            inside = Block(fence[1], number + 1, [])
        elif fence and inside is not None:
            found.append(inside)
            inside = None
        elif inside is not None:
            inside.lines.append(row)
    assert inside is None, f"the block that begins in line {inside.first} has no end"
    return [block for block in found if block.language in languages]


def prose(text: str) -> str:
    """The text without its blocks and inline code."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^\s*```.*?^\s*```", "", text, flags=re.DOTALL | re.MULTILINE))


def script(text: str) -> str:
    """All Python blocks as one program in which every line keeps its number."""
    rows = [""] * len(text.splitlines())
    for block in blocks(text, "python"):
        rows[block.first : block.first + len(block.lines)] = block.lines
    return "\n".join(rows) + "\n"


def commands(text: str) -> list[list[str]]:
    """The words of every command in the shell blocks, without comments, prompts and settings of the environment."""
    found = []
    for block in blocks(text, *SHELL):
        for line in "\n".join(block.lines).replace("\\\n", " ").splitlines():
            words = shlex.split(line.strip().removeprefix("$ "), comments=True)
            for is_joint, part in groupby(words, lambda word: word in ("&&", "||", "|")):
                command = list(dropwhile(lambda word: re.fullmatch(r"[A-Z_]+=.*", word), part))
                found += [command] if command and not is_joint else []
    return found


def links(text: str) -> set[str]:
    """Addresses of links and pictures, in Markdown and in HTML."""
    text = prose(text)
    return {*re.findall(r"\]\(([^)\s]+)[^)]*\)", text), *re.findall(r"(?:href|src(?:set)?)=\"([^\"]+)\"", text)}


def anchors(text: str) -> set[str]:
    """What GitHub calls the headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def test_the_reader_finds_blocks_commands_links_and_headings() -> None:
    text = (
        "# The *one* title\n[a](b.md) ![c](d.png 'e') <img src=\"f.png\"> `[no](no)`\n"
        "```python\nx = 1\n```\n```sh\n$ A=1 make demo && B=2 pwd  # why\nartmodels edit \\\n  a.png\n```\n"
        "```python\ny = x\n```\n"
    )
    assert script(text) == "\n\n\nx = 1\n\n\n\n\n\n\n\ny = x\n\n"
    assert commands(text) == [["make", "demo"], ["pwd"], ["artmodels", "edit", "a.png"]]
    assert links(text) == {"b.md", "d.png", "f.png"}
    assert anchors(text) == {"the-one-title"}


def test_the_readme_shows_code_commands_and_pictures() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert blocks(text, "python")
    assert {"make demo", "make test"} <= {" ".join(words) for words in commands(text)}
    assert any(link.endswith((".png", ".webp", ".jpg", ".gif")) for link in links(text))


def test_every_published_model_has_a_card() -> None:
    assert [path.parent for path in CARDS] == sorted(path.parent for path in ROOT.glob("hub_configs/*/config.json"))


# Python.


def give_pictures(folder: Path) -> None:
    """The reader's own pictures, by the names that snippets use."""
    for name, example, channels in (
        ("drawing.png", "workflow-illustrations/quiff.webp", "RGB"),
        ("reference.png", "workflow-illustrations/waves.webp", "RGB"),
        ("sketch.png", "workflow-illustrations/bob-lines.png", "L"),
        ("a.png", "workflow-illustrations/bob-lines.png", "L"),
        ("b.png", "workflow-emoji/car-lines.png", "L"),
        ("painting.png", "workflow-illustrations/quiff.webp", "RGB"),
        ("exemplar.png", "workflow-illustrations/waves.webp", "RGB"),
        ("one.png", "workflow-illustrations/quiff.webp", "RGB"),
        ("two.png", "workflow-illustrations/waves.webp", "RGB"),
        ("photo.png", "workflow-chairs/lounge.webp", "RGB"),
        ("chair.png", "workflow-chairs/lounge.webp", "RGB"),
        ("emoji.png", "workflow-emoji/crab.webp", "RGB"),
    ):
        Image.open(EXAMPLES / example).convert(channels).save(folder / name)
    astronaut().save(folder / "portrait.jpg")


@pytest.mark.parametrize(
    "document",
    [path for path in READMES if blocks(path.read_text(encoding="utf-8"), "python")],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_python_snippets_run_from_top_to_bottom(document: Path, tmp_path: Path) -> None:
    give_pictures(tmp_path)
    program = tmp_path / f"{document.parent.name}-readme.py"
    program.write_text(script(document.read_text(encoding="utf-8")), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hub")}
    run = subprocess.run([sys.executable, program], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, f"{document}, the line numbers are its own:\n{run.stderr}"


# Commands.


def check_arguments(interface: typer.Typer, words: list[str]) -> None:
    """Parses a command line without running it."""
    if {"--help", "--version"} & set(words):
        assert CliRunner().invoke(interface, words).exit_code == 0
        return
    command: Any = typer.main.get_command(interface)
    if hasattr(command, "commands"):
        assert words[0] in command.commands, f"there is no command {words[0]}"
        command, words = command.commands[words[0]], words[1:]
    command.make_context(command.name, list(words))


def module_interface(name: str) -> typer.Typer:
    interface = typer.Typer(add_completion=False)
    interface.command()(import_module(name).main)
    return interface


def check_command(words: list[str]) -> None:
    """Fails if a command of ours does not exist or cannot be called so; other programs pass."""
    program, rest = Path(words[0]).name, words[1:]
    if program == "artmodels":
        check_arguments(app, rest)
    elif program == "make":
        rules = re.findall(r"^([\w. -]+):(?!=)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        targets = " ".join(rules).split()
        assert [word for word in rest if "=" not in word and word not in targets] == []
    elif "pip" in words:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        named = {extra for group in re.findall(r"\[([\w,]+)\]", " ".join(rest)) for extra in group.split(",")}
        assert named <= project["optional-dependencies"].keys()
        assert all((ROOT / word).is_file() for flag, word in zip(words, rest, strict=False) if flag in ("-c", "-r"))
    elif "-m" in words and words[words.index("-m") + 1].startswith("training."):
        module, *arguments = words[words.index("-m") + 1 :]
        check_arguments(module_interface(module), arguments)
    elif program.startswith("python") and rest[0].endswith(".py"):
        assert (ROOT / rest[0]).is_file(), rest[0]


COMMANDS = [(path, words) for path in DOCUMENTS for words in commands(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(
    ("document", "words"), COMMANDS, ids=[f"{path.parent.name}: {' '.join(words)[:60]}" for path, words in COMMANDS]
)
def test_a_command_can_be_given_as_it_is_written(document: Path, words: list[str]) -> None:
    check_command(words)


@pytest.mark.parametrize(
    ("line", "culprit"),
    [
        ("artmodels paint a.png", "paint"),
        ("artmodels edit a.png -o b.png --stag flat", "--stag"),
        ("artmodels edit a.png -o b.png", "stage"),
        (".venv/bin/artmodels stages a.png", "output"),
        ("make demo dinner", "dinner"),
        ("pip install -e .[kitchen]", "kitchen"),
        ("python -m training.workflow.train_inference --data d", "out"),
        ("python -m training.kitchen", "kitchen"),
        ("python spaces/nowhere/app.py", "nowhere"),
    ],
)
def test_a_command_that_does_not_exist_is_noticed(line: str, culprit: str) -> None:
    with pytest.raises(Exception, match=culprit):
        check_command(line.split())


# Links and counts.


@every_document
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    local = {link for link in links(text) if not re.match(r"\w+:", link)}
    broken = [link for link in local if link[0] != "#" and not (document.parent / link.split("#")[0]).exists()]
    assert broken == []
    assert {link[1:] for link in local if link[0] == "#"} <= anchors(text)


def stated_parameters(text: str) -> list[tuple[int, int]]:
    """Every "3.25 M parameters", "3.25 million parameters" and "3,249,120 parameters", with what it is rounded to."""
    rounded = re.findall(r"(\d+)(?:\.(\d+))?\s*(?:M|million)\s+parameters", text)
    exact = re.findall(r"(\d{1,3}(?:,\d{3})+|\d+)\s+parameters", text)
    units = [(int(whole + digits), 10 ** (6 - len(digits))) for whole, digits in rounded]
    return [(count * unit, unit) for count, unit in units] + [(int(count.replace(",", "")), 1) for count in exact]


def parameters_of(weights: Path) -> int:
    with safe_open(weights, framework="pt") as file:
        return sum(file.get_tensor(name).numel() for name in file.keys())  # noqa: SIM118


@every_document
def test_stated_parameter_counts_are_true(document: Path) -> None:
    folder = document.parent if document in CARDS else ROOT / "hub_configs"
    counts = [parameters_of(weights) for weights in folder.rglob("model.safetensors")]
    for number, unit in stated_parameters(document.read_text(encoding="utf-8")):
        assert any(abs(count - number) <= unit / 2 for count in counts), f"{number:,} is not of {counts}"


def test_parameter_counts_are_read_with_their_precision() -> None:
    text = "It has 3.25 M parameters, or 3 million parameters, which are 3,249,120 parameters."
    assert stated_parameters(text) == [(3_250_000, 10_000), (3_000_000, 1_000_000), (3_249_120, 1)]


@pytest.mark.parametrize("card", CARDS, ids=lambda path: path.parent.name)
def test_a_card_states_the_numbers_and_the_weights_that_lie_beside_it(card: Path) -> None:
    text = card.read_text(encoding="utf-8")
    numbers = json.loads((card.parent / "evaluation.json").read_text(encoding="utf-8"))
    stated = re.findall(r"^\| `(\w+)` \| ([-\d.,e+]+) \|$", text, re.MULTILINE)
    for name, value in [(name, value) for name, value in stated if name in numbers]:
        assert float(value.replace(",", "")) == pytest.approx(numbers[name], rel=0.006), name
    assert hashlib.sha256((card.parent / "model.safetensors").read_bytes()).hexdigest() in text


@pytest.mark.parametrize("card", CARDS, ids=lambda path: path.parent.name)
def test_a_card_would_be_accepted_by_the_hub(card: Path) -> None:
    paths = [path for pattern in PUBLISHED for path in card.parent.glob(pattern)]
    check_card(card.read_text(encoding="utf-8"), [path.relative_to(card.parent).as_posix() for path in paths])
