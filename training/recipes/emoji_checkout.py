"""What a checkout of github.com/microsoft/fluentui-emoji holds: each emoji's names, code points and pictures.

    assets/NAME/metadata.json                   "cldr", "keywords", "unicode", "unicodeSkintones"
    assets/NAME/STYLE/*.svg                     STYLE: Flat, Color (SVG), 3D (PNG), High Contrast (not read)
    assets/NAME/TONE/STYLE/*.svg                the same where an emoji has skin tones; TONE: Default, Light ... Dark

An emoji's id is its code points with "-" between them; everything that follows from an id alone is here too.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from artmodels.errors import ConfigError

__all__ = ["Checkout", "Glyph", "base_of", "find_glyphs", "skin_tone_of", "split_of", "tags_of"]

REPOSITORY = "github.com/microsoft/fluentui-emoji"
STYLES = {"flat": "Flat/*.svg", "shaded": "Color/*.svg", "three_d": "3D/*.png"}
TONES = {"1f3fb": "light", "1f3fc": "medium_light", "1f3fd": "medium", "1f3fe": "medium_dark", "1f3ff": "dark"}
GENDERED = {"1f468": "1f9d1", "1f469": "1f9d1"}  # man, woman -> person
UNSEEN = frozenset({*TONES, "2640", "2642", "200d", "fe0f"})  # tones, ♀, ♂, joiner, "show as a picture"


class Glyph(NamedTuple):
    """One emoji in one skin tone; `pictures` is stage -> path for flat, shaded and three_d."""

    id: str
    name: str
    tags: tuple[str, ...]
    pictures: dict[str, Path]


class Checkout(NamedTuple):
    """Emoji in the order of their ids, and folder -> why it was left out."""

    glyphs: list[Glyph]
    unusable: dict[str, str]


def base_of(id: str) -> str:
    """What an emoji shows whatever the skin tone and gender: both are taken out of its code points."""
    seen = [point for point in id.split("-") if point not in UNSEEN]
    return "-".join(GENDERED.get(point, point) for point in seen) or id


def split_of(id: str) -> str:
    """ "test" for one in twelve base emoji, by a hash, else "train"; skin tones and genders stay together."""
    return "test" if int(hashlib.sha256(base_of(id).encode()).hexdigest(), 16) % 12 == 0 else "train"


def skin_tone_of(id: str) -> str | None:
    return next((TONES[point] for point in id.split("-") if point in TONES), None)


def tags_of(*texts: str) -> tuple[str, ...]:
    """The different words of three or more letters, in order."""
    words = (word for text in texts for word in re.findall(r"[^\W_]{3,}", text.lower()))
    return tuple(dict.fromkeys(words))


def find_glyphs(checkout: Path) -> Checkout:
    """Finds every emoji of a checkout that has all three pictures.

    Raises:
        ConfigError: the folder is no such checkout.
    """
    found, unusable = {}, {}
    for metadata in sorted(checkout.glob("assets/*/metadata.json")):
        for folder in _tone_folders(metadata.parent):
            name = folder.relative_to(checkout).as_posix()
            glyph = _read_glyph(metadata, folder)
            if isinstance(glyph, str):
                unusable[name] = glyph
            elif glyph.id in found:
                unusable[name] = f"has the code points of another folder, {glyph.id}"
            else:
                found[glyph.id] = glyph
    if not found:
        reason = f"; {next(iter(unusable))} {next(iter(unusable.values()))}" if unusable else ""
        raise ConfigError(
            f"{checkout} is no checkout of {REPOSITORY}: no assets/NAME has metadata.json, Flat, Color and 3D{reason}"
        )
    return Checkout([found[id] for id in sorted(found)], unusable)


def _tone_folders(folder: Path) -> Iterator[Path]:
    """The folders that hold Flat, Color and 3D: the emoji's own, or one a skin tone."""
    toned = [folder / tone for tone in ("Default", *map(_folder_name, TONES.values()))]
    present = [path for path in toned if path.is_dir()]
    yield from present or [folder]


def _folder_name(tone: str) -> str:
    return "-".join(word.capitalize() for word in tone.split("_"))


def _read_glyph(metadata: Path, folder: Path) -> Glyph | str:
    """The emoji of one folder, or why there is none."""
    try:
        told = json.loads(metadata.read_text(encoding="utf-8"))
        id, name = _code_points(told, folder.name), str(told["cldr"])
        tags = tags_of(name, *told.get("keywords", ()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"has an unreadable metadata.json ({type(error).__name__}: {error})"
    if id is None:
        return "has no code points in metadata.json"
    pictures = {stage: next(iter(sorted(folder.glob(pattern))), None) for stage, pattern in STYLES.items()}
    missing = [STYLES[stage] for stage, path in pictures.items() if path is None]
    if missing:
        return f"has no {' and no '.join(missing)}"
    return Glyph(id, name, tags, {stage: path for stage, path in pictures.items() if path})


def _code_points(told: dict[str, Any], folder: str) -> str | None:
    point = next((point for point, tone in TONES.items() if _folder_name(tone) == folder), None)
    if point is None:
        return "-".join(told["unicode"].split())
    toned = (text.split() for text in told.get("unicodeSkintones", ()))
    return next(("-".join(points) for points in toned if point in points), None)
