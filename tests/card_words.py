"""The same words about a model, as an object and as the TOML that a person writes."""

from training.model_cards import (
    Aim,
    Baseline,
    CardFacts,
    Column,
    Data,
    Row,
    Sample,
    Score,
    Table,
)

FACTS = CardFacts(
    name="tiny",
    title="Tiny drawings",
    summary="Takes drawings of {width} kinds apart; braces {{stay}}.",
    snippet='from artmodels import load_model\n\nmodel = load_model("artmodels/tiny")',
    data=(Data("made up", "https://example.org/set", "CC0 1.0", "squares of our own"),),
    evaluation="Measured on {held_out_artworks} drawings that the model never saw.",
    scores=(
        Score(
            "reconstruction",
            "error of the artwork",
            baselines=(
                Baseline("reconstruction_by_mean_picture", "mean picture"),
                Baseline("reconstruction_by_nearest", "nearest picture"),
            ),
        ),
    ),
    samples=(Sample("apart.png", "The first held-out drawings, not chosen"),),
    failures=("Thin lines vanish.",),
    limitations=("It knows squares only; the error is {reconstruction}.",),
    paper="Somebody et al., 2020",
    paper_url="https://example.org/paper",
    citation="@article{somebody2020,\n  year = {2020}\n}",
    tags=("squares",),
    tables=(
        Table(
            "After an edit",
            "Of {held_out_artworks} drawings.",
            (Column("distance", "{distance} ± {deviation}"),),
            (Row("table_3/none", "as it is"), Row("table_3/learned", "learned w")),
        ),
    ),
    aims=(
        Aim("error", "reconstruction", at_most=0.06),
        Aim("learned over as it is", "table_3/learned/distance", ratio_to="table_3/none/distance", at_most=0.5),
    ),
)

TOML = '''
name = "tiny"
title = "Tiny drawings"
summary = "Takes drawings of {width} kinds apart; braces {{stay}}."
evaluation = "Measured on {held_out_artworks} drawings that the model never saw."
failures = ["Thin lines vanish."]
limitations = ["It knows squares only; the error is {reconstruction}."]
paper = "Somebody et al., 2020"
paper_url = "https://example.org/paper"
tags = ["squares"]
snippet = """
from artmodels import load_model

model = load_model("artmodels/tiny")"""
citation = """
@article{somebody2020,
  year = {2020}
}"""

[[data]]
name = "made up"
url = "https://example.org/set"
licence = "CC0 1.0"
description = "squares of our own"

[[scores]]
key = "reconstruction"
label = "error of the artwork"
baselines = [
  { key = "reconstruction_by_mean_picture", label = "mean picture" },
  { key = "reconstruction_by_nearest", label = "nearest picture" },
]

[[tables]]
title = "After an edit"
words = "Of {held_out_artworks} drawings."
columns = [{ label = "distance", cell = "{distance} ± {deviation}" }]
rows = [{ key = "table_3/none", label = "as it is" }, { key = "table_3/learned", label = "learned w" }]
[[samples]]
file = "apart.png"
caption = "The first held-out drawings, not chosen"
[[aims]]
label = "error"
key = "reconstruction"
at_most = 0.06
[[aims]]
label = "learned over as it is"
key = "table_3/learned/distance"
ratio_to = "table_3/none/distance"
at_most = 0.5
'''
