"""One style of a tar of several is unpacked, in folders by attribute where they are wanted."""

import io
import json
import tarfile

import pytest
from portrait_folders import draw_face

from artmodels.errors import ConfigError
from training.recipes.style_pictures import unpack_style


@pytest.fixture(scope="module")
def styles(tmp_path_factory):
    """Two pictures with and one without a label of "toy", one without of "pixel"."""
    rows = [
        {"id": "0", "style": "toy", "gender": "female"},
        {"id": "1", "style": "toy", "gender": "male"},
        {"id": "2", "style": "toy"},
        {"id": "3", "style": "pixel"},
    ]
    path = tmp_path_factory.mktemp("styles") / "styles.tar"
    with tarfile.open(path, "w") as archive:
        add(archive, "meta.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())
        for number, row in enumerate(rows):
            content = io.BytesIO()
            draw_face(number).save(content, "WEBP")
            add(archive, f"{row['style']}/{row['id']}.webp", content.getvalue())
    return path


def add(archive, name, content):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def names_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.webp"))


def test_a_styles_pictures_are_unpacked(styles, tmp_path):
    assert unpack_style(styles, "toy", tmp_path / "all") == 3
    assert names_in(tmp_path / "all") == ["0.webp", "1.webp", "2.webp"]
    assert unpack_style(styles, "toy", tmp_path / "parted", attributes=True) == 2
    assert names_in(tmp_path / "parted") == ["man/1.webp", "woman/0.webp"]


def test_faces_of_held_out_portraits_are_left_out(styles, tmp_path):
    rows = [{"id": "0", "split": "train"}, {"id": "1", "split": "test"}, {"id": "7", "split": "test"}]
    (tmp_path / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert unpack_style(styles, "toy", tmp_path / "known", portraits=tmp_path) == 2
    assert names_in(tmp_path / "known") == ["0.webp", "2.webp"]


def test_what_is_not_there_is_told(styles, tmp_path):
    with pytest.raises(ConfigError, match="there are pixel, toy"):
        unpack_style(styles, "nope", tmp_path)
    with pytest.raises(ConfigError, match="nothing is known of the attributes of pixel"):
        unpack_style(styles, "pixel", tmp_path, attributes=True)
    broken = tmp_path / "broken.tar"
    broken.write_bytes(b"no tar")
    with pytest.raises(ConfigError, match="is no tar"):
        unpack_style(broken, "toy", tmp_path)
    with pytest.raises(ConfigError, match="there is no tar"):
        unpack_style(tmp_path / "none.tar", "toy", tmp_path)
