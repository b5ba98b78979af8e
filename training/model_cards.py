"""Writes a model card from a person's words and a machine's numbers: the same files always give the same card.

The words stand in a `card.toml` (`CardFacts`). They hold no measurements: `{reconstruction}` in them becomes the number
of that name in `evaluation.json`, in the model's config, or among the facts about its weights.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any, Literal

from huggingface_hub import ModelCardData

from artmodels.configs import config_from_dict
from artmodels.errors import ConfigError

__all__ = ["CardFacts", "read_facts", "write_card"]


@dataclass(frozen=True)
class Data:
    """Pictures that the model learned from."""

    name: str
    url: str
    licence: str
    description: str


@dataclass(frozen=True)
class Baseline:
    """A cheap alternative: its key in `evaluation.json` and what to call it."""

    key: str
    label: str


@dataclass(frozen=True)
class Score:
    """A measurement of the model: its key in `evaluation.json`, what to call it, and what to hold it against."""

    key: str
    label: str
    better: Literal["lower", "higher"] = "lower"
    baselines: tuple[Baseline, ...] = ()


@dataclass(frozen=True)
class Column:
    """A table's column: its label, and its cells with keys in braces that follow the row's, such as "{l1}"."""

    label: str
    cell: str


@dataclass(frozen=True)
class Row:
    """A table's row: its label, and the beginning of its keys in `evaluation.json`, such as "table_2/none"."""

    key: str
    label: str


@dataclass(frozen=True)
class Table:
    """Measurements side by side; `words` say what they are of."""

    title: str
    words: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Aim:
    """What a measurement should reach: its key, or its ratio to that of another key, and the limit on either side.

    Raises:
        ConfigError: not exactly one limit.
    """

    label: str
    key: str
    ratio_to: str | None = None
    at_most: float | None = None
    at_least: float | None = None

    def __post_init__(self) -> None:
        if (self.at_most is None) == (self.at_least is None):
            raise ConfigError(f"the aim {self.label!r} needs one of at_most and at_least")


@dataclass(frozen=True)
class Sample:
    """A picture that the published weights made."""

    file: str
    caption: str


@dataclass(frozen=True)
class CardFacts:
    """What a person writes about a model: words, no measurements.

    Attributes:
        name: of the repo; its owner is artmodels.
        snippet: Python that runs as it stands once the package is installed.
        evaluation: how the numbers were measured, and on what.
        aims: what measurements should reach; the card says of each whether it does.
        failures: what goes wrong, seen in the samples.
        citation: BibTeX of the paper.
    """

    name: str
    title: str
    summary: str
    snippet: str
    data: tuple[Data, ...]
    evaluation: str
    scores: tuple[Score, ...]
    samples: tuple[Sample, ...]
    failures: tuple[str, ...]
    limitations: tuple[str, ...]
    paper: str
    paper_url: str
    citation: str
    tags: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    license: str = "apache-2.0"
    pipeline_tag: str = "image-to-image"
    tables: tuple[Table, ...] = ()
    aims: tuple[Aim, ...] = ()

    def __post_init__(self) -> None:
        for words in (
            self.summary,
            self.evaluation,
            *self.failures,
            *self.limitations,
            *self._captions(),
            *self._cells(),
        ):
            measured = re.search(r"\d+\.\d+", words)
            if measured is not None:
                raise ConfigError(f"{measured[0]!r} is a measurement written by hand: name its key in braces instead")

    def _captions(self) -> Iterator[str]:
        return (sample.caption for sample in self.samples)

    def _cells(self) -> Iterator[str]:
        for table in self.tables:
            yield from (table.words, *(column.cell for column in table.columns))


def read_facts(path: Path) -> CardFacts:
    """Read a `card.toml`.

    Raises:
        ConfigError: not TOML, a field that is missing or unknown, or a measurement written by hand.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    return config_from_dict(CardFacts, values, where=str(path))


def write_card(
    facts: CardFacts, config: Mapping[str, Any], evaluation: Mapping[str, float], training: Mapping[str, Any]
) -> str:
    """Return the whole README.md.

    Args:
        config: what `config.json` holds.
        evaluation: what `evaluation.json` holds: a number for each name.
        training: what `training.json` holds: `runs` and `weights`.

    Raises:
        ConfigError: the words name a number that does not exist.
    """
    numbers = {**config["config"], **training["weights"], **evaluation}
    parts = [
        _front_matter(facts, numbers),
        f"# {facts.title}",
        _fill(facts.summary, numbers),
        "<Gallery />",
        f"## Get started\n\n```bash\npip install artmodels\n```\n\n```python\n{facts.snippet.strip()}\n```",
        "## What it learned from\n\n" + "\n".join(_data(data) for data in facts.data),
        "## How it was trained\n\n" + "\n\n".join(_run(run) for run in training["runs"]),
        "## How good it is\n\n" + _fill(facts.evaluation, numbers),
        _scores(facts, evaluation),
        *(_table(table, evaluation, numbers) for table in facts.tables),
        _aims(facts.aims, numbers),
        _other_numbers(facts, evaluation),
        "## Samples\n\n" + "\n\n".join(_sample(sample, numbers) for sample in facts.samples),
        "## Where it fails\n\n" + _bullets(facts.failures, numbers),
        "## Limits\n\n" + _bullets(facts.limitations, numbers),
        _details(config, training["weights"]),
        f"## Paper\n\n[{facts.paper}]({facts.paper_url})\n\n```bibtex\n{facts.citation.strip()}\n```",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _front_matter(facts: CardFacts, numbers: Mapping[str, Any]) -> str:
    gallery = [
        {"text": _fill(sample.caption, numbers), "output": {"url": f"samples/{sample.file}"}}
        for sample in facts.samples
    ]
    data = ModelCardData(
        license=facts.license,
        library_name="artmodels",
        pipeline_tag=facts.pipeline_tag,
        tags=sorted({"art", "artmodels", "pytorch", "safetensors", *facts.tags}),
        datasets=list(facts.datasets) or None,
        widget=gallery,
    )
    return f"---\n{data.to_yaml()}\n---"


def _data(data: Data) -> str:
    return f"- **[{data.name}]({data.url})** ({data.licence}): {data.description}"


def _run(run: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    return (
        f"### {run['name']}\n\n```bash\n{run['command']}\n```\n\n"
        f"{_number(run['steps'])} steps in {_number(run['minutes'])} minutes on {run['hardware']}, "
        f"with {versions}, from commit `{run['commit']}`."
    )


def _scores(facts: CardFacts, evaluation: Mapping[str, float]) -> str:
    rows = ["| | this model | instead of it |", "| --- | --- | --- |"]
    for score in facts.scores:
        against = "; ".join(f"{baseline.label} {_named(evaluation, baseline.key)}" for baseline in score.baselines)
        arrow = {"lower": "↓", "higher": "↑"}[score.better]
        rows.append(f"| {score.label} {arrow} | **{_named(evaluation, score.key)}** | {against} |")
    return "\n".join(rows)


def _table(table: Table, evaluation: Mapping[str, float], numbers: Mapping[str, Any]) -> str:
    lines = [
        f"| | {' | '.join(column.label for column in table.columns)} |",
        f"| --- | {' | '.join('---' for _ in table.columns)} |",
    ]
    for row in table.rows:
        own = {key.removeprefix(f"{row.key}/"): value for key, value in evaluation.items() if key.startswith(row.key)}
        cells = " | ".join(_fill(column.cell, own) for column in table.columns)
        lines.append(f"| {row.label} | {cells} |")
    return f"### {table.title}\n\n{_fill(table.words, numbers)}\n\n" + "\n".join(lines)


def _aims(aims: tuple[Aim, ...], numbers: Mapping[str, Any]) -> str:
    lines = ["### What it should reach", "", "| | aim | found | reached |", "| --- | --- | --- | --- |"]
    for aim in aims:
        found = _value(numbers, aim.key) / (_value(numbers, aim.ratio_to) if aim.ratio_to else 1)
        is_reached = found <= aim.at_most if aim.at_most is not None else found >= (aim.at_least or 0)
        limit = f"at most {aim.at_most:g}" if aim.at_most is not None else f"at least {aim.at_least:g}"
        lines.append(f"| {aim.label} | {limit} | {_number(found)} | {'yes' if is_reached else '**no**'} |")
    return "\n".join(lines) if aims else ""


def _names_in(table: Table) -> set[str]:
    return {name for column in table.columns for _, name, *_ in Formatter().parse(column.cell) if name is not None}


def _other_numbers(facts: CardFacts, evaluation: Mapping[str, float]) -> str:
    shown = {key for score in facts.scores for key in (score.key, *(baseline.key for baseline in score.baselines))}
    shown |= {f"{row.key}/{name}" for table in facts.tables for row in table.rows for name in _names_in(table)}
    rest = [f"| `{key}` | {_number(value)} |" for key, value in evaluation.items() if key not in shown]
    return "\n".join(["Everything else in `evaluation.json`:\n", "| | |", "| --- | --- |", *rest]) if rest else ""


def _sample(sample: Sample, numbers: Mapping[str, Any]) -> str:
    caption = _fill(sample.caption, numbers)
    return f"{caption}\n\n![{caption}](samples/{sample.file})"


def _details(config: Mapping[str, Any], weights: Mapping[str, Any]) -> str:
    rounded = "" if weights["dtype"] == "float32" else f", before they were rounded to {weights['dtype']}"
    fields = "\n".join(f"| `{name}` | `{value}` |" for name, value in config["config"].items())
    return (
        f"## Details\n\nA `{config['model_class']}` of {_number(weights['parameters'])} parameters, stored in "
        f"{weights['dtype']} ({_number(weights['bytes'])} bytes, SHA-256 `{weights['sha256']}`). Samples and numbers "
        f"come from these weights{rounded}.\n\n| config | |\n| --- | --- |\n{fields}"
    )


def _bullets(sentences: tuple[str, ...], numbers: Mapping[str, Any]) -> str:
    return "\n".join(f"- {_fill(sentence, numbers)}" for sentence in sentences)


def _fill(words: str, numbers: Mapping[str, Any]) -> str:
    """Replace `{name}` by the number of that name."""
    pieces = []
    for text, name, *_ in Formatter().parse(words.strip()):
        pieces += [text, "" if name is None else _named(numbers, name)]
    return "".join(pieces)


def _named(numbers: Mapping[str, Any], name: str) -> str:
    return _number(_value(numbers, name))


def _value(numbers: Mapping[str, Any], name: str) -> Any:
    if name not in numbers:
        raise ConfigError(f"the card names {name!r}, which was not measured: there are {', '.join(sorted(numbers))}")
    return numbers[name]


def _number(value: Any) -> str:
    """Three digits are what these measurements are good for; whole numbers stay whole."""
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    if isinstance(value, int):
        return f"{value:,}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
