"""Tags of figure illustrations as Danbooru names them: which speak of one part's colour, and which occur often enough.

The paper edits eleven groups: eyes, hair, shirt, sky, skirt, dress, background, gloves, neckwear, theme and skin.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from artmodels.colorizer.config import TagGroup
from artmodels.errors import ConfigError

__all__ = ["COLOUR_GROUPS", "frequent_tags", "tag_lists"]

SWATCHES = {
    "aqua": "#58b7c6", "black": "#3a3844", "blonde": "#e3bd66", "blue": "#4a6fcb", "brown": "#74503a",
    "dark": "#8a5534", "gradient": "#b0a0c8", "green": "#5fae6b", "grey": "#8f949e", "light_brown": "#a9744a",
    "multicolored": "#c080a0", "orange": "#e5833f", "pale": "#ffe6d6", "pink": "#f199b8", "purple": "#8a63bd",
    "red": "#b23c30", "silver": "#c3c8d4", "tan": "#e3ab80", "white": "#eeeaf0", "yellow": "#f1cd52",
}  # fmt: skip
DYES = ("aqua", "black", "blue", "brown", "green", "grey", "orange", "pink", "purple", "red", "white", "yellow")
# The part that a group speaks of, and the colours that tags of it begin with.
COLOUR_GROUPS = {
    "eyes": DYES,
    "hair": (*(dye for dye in DYES if dye != "yellow"), "blonde", "light_brown", "silver", "gradient", "multicolored"),
    "shirt": DYES,
    "sky": ("black", "blue", "grey", "orange", "purple", "red"),
    "skirt": DYES,
    "dress": DYES,
    "background": (*DYES, "gradient", "multicolored"),
    "gloves": DYES,
    "neckwear": DYES,
    "theme": DYES,
    "skin": ("black", "blue", "brown", "dark", "green", "grey", "pale", "pink", "purple", "red", "tan", "white"),
}


def frequent_tags(pictures: Iterable[Iterable[str]], count: int) -> list[str]:
    """The `count` tags that most pictures have, most frequent first, equals in alphabetical order."""
    frequency = Counter(tag for tags in pictures for tag in set(tags))
    return sorted(frequency, key=lambda tag: (-frequency[tag], tag))[:count]


def tag_lists(tags: Sequence[str]) -> dict[str, Any]:
    """Divides tags into the groups of parts and all others, as `tags.json` holds them.

    Raises:
        ConfigError: there is no tag.
    """
    if not tags:
        raise ConfigError("no picture has a tag: pictures need PICTURE.txt beside them, or rows of --tags")
    known = set(tags)
    groups = []
    for part, colours in COLOUR_GROUPS.items():
        present = [(f"{colour}_{part}", SWATCHES[colour]) for colour in colours if f"{colour}_{part}" in known]
        if present:
            groups.append(TagGroup(part, *(tuple(column) for column in zip(*present, strict=True))))
    grouped = {tag for group in groups for tag in group.tags}
    return {
        "groups": [{"name": g.name, "tags": list(g.tags), "colours": list(g.colours)} for g in groups],
        "other_tags": [tag for tag in tags if tag not in grouped],
    }
