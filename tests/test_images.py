"""Every kind of picture becomes the same plain RGB, and bytes survive the way to tensors and back."""

import hashlib
import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from artmodels import ConfigError, PictureError
from artmodels.images import PIXEL_LIMIT, fingerprint, fit, load_picture, to_picture, to_tensor, unfit


def noise(width: int, height: int, channels: int = 3) -> np.ndarray:
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(width * 1000 + height).integers(0, 256, shape, dtype=np.uint8)


def bytes_of(picture: Image.Image) -> np.ndarray:
    assert picture.mode == "RGB"
    return np.asarray(picture)


def on_white(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The closed form of transparency on white paper, before rounding."""
    alpha = alpha[..., None] / 255
    return colour * alpha + 255 * (1 - alpha)


@pytest.fixture
def colours() -> np.ndarray:
    return noise(12, 9)


@pytest.mark.parametrize(
    "mode", ["1", "L", "P", "RGB", "YCbCr", "HSV", "CMYK", "LAB", "I", "F", "I;16", "I;16B", "RGBX"]
)
def test_white_and_black_are_white_and_black_in_every_opaque_mode(mode: str) -> None:
    for level in (0, 255):
        if mode == "LAB":
            srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
            picture = ImageCms.profileToProfile(Image.new("RGB", (4, 3), (level,) * 3), srgb, lab, outputMode="LAB")
        elif mode.startswith("I;16"):
            picture = Image.new(mode, (4, 3), level * 257)
        elif mode == "I":
            picture = Image.new("I", (4, 3), level * 257)
        else:
            picture = Image.new("RGB", (4, 3), (level,) * 3).convert(mode)
        np.testing.assert_allclose(bytes_of(load_picture(picture)), level, atol=1)


def test_an_rgb_file_is_read_byte_for_byte(tmp_path: Path, colours: np.ndarray) -> None:
    Image.fromarray(colours).save(tmp_path / "a.png")
    np.testing.assert_array_equal(bytes_of(load_picture(tmp_path / "a.png")), colours)
    np.testing.assert_array_equal(bytes_of(load_picture(str(tmp_path / "a.png"))), colours)


def test_grey_becomes_three_equal_channels(colours: np.ndarray) -> None:
    grey = colours[..., 0]
    np.testing.assert_array_equal(bytes_of(load_picture(Image.fromarray(grey))), np.stack([grey] * 3, axis=-1))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "RGBa", "La", "PA"])
def test_transparency_is_laid_on_white(mode: str) -> None:
    values = noise(16, 8, 4)
    values[..., 1] = values[..., 2] = values[..., 0]
    grey, alpha = Image.fromarray(values[..., 0]), Image.fromarray(values[..., 3])
    if mode == "PA":
        picture = grey.convert("P")
        picture.putalpha(alpha)
    elif mode in ("LA", "La"):
        picture = Image.merge("LA", [grey, alpha]).convert(mode)
    else:
        picture = Image.fromarray(values).convert(mode)
    assert picture.mode == mode
    # Premultiplied bytes have lost up to a level before they come here.
    tolerance = 1.51 if mode in ("RGBa", "La") else 0.51
    expected = on_white(values[..., :3].astype(float), values[..., 3])
    np.testing.assert_allclose(bytes_of(load_picture(picture)), expected, atol=tolerance)


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P"])
def test_a_transparent_colour_of_a_png_is_white(tmp_path: Path, mode: str) -> None:
    picture = Image.new("RGB", (2, 1), "black")
    picture.putpixel((1, 0), (255, 255, 255))
    picture = picture.convert(mode)
    key = picture.getpixel((0, 0))
    picture.save(tmp_path / "keyed.png", transparency=(int(key > 0) if mode == "1" else key))
    assert bytes_of(load_picture(tmp_path / "keyed.png"))[0].tolist() == [[255] * 3] * 2


def test_a_transparent_level_of_a_16_bit_png_is_white(tmp_path: Path) -> None:
    picture = Image.fromarray(np.array([[1000, 20000]], dtype=np.uint16))
    picture.info["transparency"] = 1000
    assert bytes_of(load_picture(picture))[0, :, 0].tolist() == [255, 78]


@pytest.mark.parametrize("byte_order", ["<", ">"])
def test_16_bits_are_divided_by_257_and_rounded(tmp_path: Path, byte_order: str) -> None:
    values = np.arange(65536).reshape(256, 256)
    expected = np.rint(values / 257)
    stored = values.astype(f"{byte_order}u2")
    mode = "I;16" if byte_order == "<" else "I;16B"
    Image.frombytes(mode, (256, 256), stored.tobytes()).save(tmp_path / "deep.tif")
    for source in (stored, Image.frombytes(mode, (256, 256), stored.tobytes()), tmp_path / "deep.tif"):
        np.testing.assert_array_equal(bytes_of(load_picture(source))[..., 0], expected)


def test_a_16_bit_png_is_scaled_exactly(tmp_path: Path) -> None:
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    Image.fromarray(values).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(bytes_of(load_picture(tmp_path / "deep.png"))[..., 1], np.rint(values / 257))


@pytest.mark.parametrize(("mode", "white"), [("I", 255), ("I", 65535), ("F", 1), ("F", 255), ("F", 65535)])
def test_wide_grey_modes_find_their_own_range(mode: str, white: int) -> None:
    values = np.linspace(0, white, 256).reshape(16, 16)
    picture = Image.fromarray(values.astype(np.int32 if mode == "I" else np.float32))
    assert picture.mode == mode
    np.testing.assert_allclose(bytes_of(load_picture(picture))[..., 2], values * 255 / white, atol=0.51)


@pytest.mark.parametrize("values", [-1.0, 70000.0, float("nan"), float("inf")])
def test_wide_grey_beyond_every_range_is_refused(values: float) -> None:
    with pytest.raises(PictureError, match="from 0 to 65535"):
        load_picture(Image.fromarray(np.full((2, 2), values, dtype=np.float32)))


@pytest.mark.parametrize("channels", [0, 1, 2, 3, 4])
def test_arrays_of_one_to_four_channels_are_grey_or_colour_with_or_without_alpha(channels: int) -> None:
    values = noise(7, 5, max(channels, 1)).reshape((5, 7) if channels == 0 else (5, 7, channels))
    planes = np.atleast_3d(values)
    colour = planes[..., :3] if channels > 2 else planes[..., :1].repeat(3, axis=-1)
    alpha = planes[..., -1] if channels in (2, 4) else np.full((5, 7), 255)
    np.testing.assert_allclose(bytes_of(load_picture(values)), on_white(colour.astype(float), alpha), atol=0.51)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "uint16", "bool"])
def test_arrays_of_other_types_span_the_same_range(dtype: str) -> None:
    white = 65535 if dtype == "uint16" else 1
    values = (np.eye(4)[..., None].repeat(3, axis=-1) * white).astype(dtype)
    np.testing.assert_array_equal(bytes_of(load_picture(values))[..., 0], np.eye(4) * 255)


def test_floats_are_rounded_to_the_nearest_byte() -> None:
    values = np.random.default_rng(0).random((20, 20), dtype=np.float32)
    np.testing.assert_allclose(bytes_of(load_picture(values))[..., 0], values * 255, atol=0.501)


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.zeros((3, 4, 5)), r"\[H, W, 1 to 4\], not \[3, 4, 5\]"),
        (np.zeros(4), r"not \[4\]"),
        (np.zeros((2, 2), dtype=np.int64), "not int64"),
        (np.full((2, 2), 2.0), r"not in \[2, 2\]"),
        (np.full((2, 2), np.nan), r"not in \[nan, nan\]"),
        (np.zeros((0, 5), dtype=np.uint8), "5 x 0 pixels"),
    ],
)
def test_an_array_that_is_no_picture_is_refused_in_one_sentence(array: np.ndarray, sentence: str) -> None:
    with pytest.raises(PictureError, match=sentence):
        load_picture(array)


def test_something_else_is_refused() -> None:
    with pytest.raises(PictureError, match="not Tensor"):
        load_picture(torch.zeros(3, 4, 4))  # type: ignore[arg-type]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_tags_are_applied(tmp_path: Path, orientation: int) -> None:
    upright = Image.fromarray(noise(6, 4))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transpose that a camera would have stored, by PIL number
    stored = upright.transpose(Image.Transpose(undo[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(bytes_of(load_picture(tmp_path / "turned.png")), np.asarray(upright))


def test_the_first_of_several_frames_is_taken(tmp_path: Path) -> None:
    red, blue = (Image.new("RGB", (5, 5), colour) for colour in ("red", "blue"))
    red.save(tmp_path / "moving.gif", save_all=True, append_images=[blue])
    assert bytes_of(load_picture(tmp_path / "moving.gif"))[0, 0].tolist() == [255, 0, 0]


def exchanged_red_and_blue(name: str) -> bytes:
    """A profile of the given name in which pure red is what everybody else calls blue."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace(b"rXYZ", b"tXYZ", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"tXYZ", b"bXYZ", 1)
    return profile.replace("sRGB".encode("utf-16-be"), name.encode("utf-16-be"))


def printer_with_two_inks(lab: tuple[int, int, int]) -> bytes:
    """A CMYK profile in which black prints black and cyan as the given 8-bit Lab colour; the others do not print."""
    ramp, paper, black = bytes(range(256)), (255, 128, 128), (0, 128, 128)
    # The corners of the inks' cube; cyan varies slowest, black fastest.
    colours = b"".join(bytes(black if corner & 1 else lab if corner & 8 else paper) for corner in range(16))
    matrix = struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + ramp * 4 + colours + ramp * 3
    header = struct.pack(">I4sI4s4s4s12s4s", 144 + len(table), b"", 0x02400000, b"prtr", b"CMYK", b"Lab ", b"", b"acsp")
    illuminant = struct.pack(">3i", 63190, 65536, 54061)  # D50
    return (
        (header.ljust(68, b"\0") + illuminant).ljust(128, b"\0")
        + struct.pack(">I4sII", 1, b"A2B0", 144, len(table))
        + table
    )


def test_an_embedded_rgb_profile_becomes_srgb(tmp_path: Path) -> None:
    Image.new("RGB", (3, 3), "red").save(tmp_path / "a.png", icc_profile=exchanged_red_and_blue("else"))
    np.testing.assert_allclose(bytes_of(load_picture(tmp_path / "a.png")), [[[0, 0, 255]] * 3] * 3, atol=2)


def test_inks_are_shown_as_their_embedded_profile_prints_them(tmp_path: Path) -> None:
    inks = Image.new("CMYK", (3, 3), (255, 0, 0, 0))
    inks.save(tmp_path / "a.tif", icc_profile=printer_with_two_inks((136, 209, 195)))  # Lab 53.3, 81, 67: red
    np.testing.assert_allclose(bytes_of(load_picture(tmp_path / "a.tif")), [[[255, 0, 0]] * 3] * 3, atol=8)


@pytest.mark.parametrize(
    "profile", [b"not a profile", exchanged_red_and_blue("sRGB"), printer_with_two_inks((0, 0, 0))]
)
def test_a_profile_that_is_broken_or_called_srgb_or_of_another_mode_changes_nothing(
    tmp_path: Path, colours: np.ndarray, profile: bytes
) -> None:
    Image.fromarray(colours).save(tmp_path / "profiled.png", icc_profile=profile)
    np.testing.assert_array_equal(bytes_of(load_picture(tmp_path / "profiled.png")), colours)


def test_the_caller_keeps_an_unchanged_picture() -> None:
    picture = Image.fromarray(noise(5, 5))
    load_picture(picture).putpixel((0, 0), (1, 2, 3))
    np.testing.assert_array_equal(np.asarray(picture), noise(5, 5))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"there is no file .*gone\.png"):
        load_picture(tmp_path / "gone.png")


def test_a_folder_is_not_a_picture(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="is a folder"):
        load_picture(tmp_path)


def test_a_text_file_is_not_a_picture(tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("not a picture at all")
    with pytest.raises(PictureError, match=r"notes\.png is not a picture of a known kind"):
        load_picture(tmp_path / "notes.png")


@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "gif", "tif", "bmp"])
def test_a_file_cut_short_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"cut.{kind}"
    Image.fromarray(noise(64, 64)).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(PictureError, match=rf"cut\.{kind}"):
        load_picture(path)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # Pillow's own, before our refusal
@pytest.mark.parametrize("side", [9000, 11000, 20000])
def test_a_pixel_bomb_is_refused_before_it_is_decoded(tmp_path: Path, side: int) -> None:
    header = BytesIO()
    Image.new("1", (1, 1)).save(header, "BMP")
    bomb = bytearray(header.getvalue())
    bomb[18:26] = side.to_bytes(4, "little") * 2
    (tmp_path / "bomb.bmp").write_bytes(bomb)
    with pytest.raises(PictureError, match=f"{PIXEL_LIMIT:,}"):
        load_picture(tmp_path / "bomb.bmp")


def test_a_single_pixel_is_a_picture() -> None:
    square, frame = fit(load_picture(np.array([[7]], dtype=np.uint8)), 16)
    assert bytes_of(unfit(square, frame)).tolist() == [[[7, 7, 7]]]


def test_the_fingerprint_is_the_hash_of_the_rgb_bytes(colours: np.ndarray) -> None:
    assert fingerprint(Image.fromarray(colours)) == hashlib.sha256(colours.tobytes()).hexdigest()


@pytest.mark.parametrize("channels", [1, 3])
def test_every_byte_survives_the_way_to_a_tensor_and_back(channels: int) -> None:
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    tensor = to_tensor(ramp, channels)
    assert tensor.shape == (channels, 16, 16)
    assert tensor.dtype == torch.float32
    assert (tensor.min(), tensor.max()) == (-1, 1)
    np.testing.assert_array_equal(np.asarray(to_picture(tensor).convert("L")), np.asarray(ramp))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_other_float_types_become_the_same_bytes(dtype: torch.dtype) -> None:
    tensor = to_tensor(Image.fromarray(noise(8, 8)))
    assert to_picture(tensor.to(dtype)).tobytes() == to_picture(tensor).tobytes()


def test_floats_between_two_bytes_go_to_the_nearer_one_and_the_ends_are_clamped() -> None:
    values = torch.tensor([[[-9.0, -1, -1 + 0.49 / 127.5, -1 + 0.51 / 127.5, 1, 9]]])
    assert np.asarray(to_picture(values)).tolist() == [[0, 0, 0, 1, 255, 255]]


def test_one_channel_is_the_luminance(colours: np.ndarray) -> None:
    luminance = colours @ np.array([0.299, 0.587, 0.114])
    torch.testing.assert_close(
        to_tensor(Image.fromarray(colours), 1)[0], torch.tensor(luminance / 127.5 - 1, dtype=torch.float32)
    )


def test_grey_has_the_same_luminance_whether_it_comes_as_grey_or_as_rgb() -> None:
    grey = Image.fromarray(noise(8, 8, 1))
    torch.testing.assert_close(to_tensor(grey, 1), to_tensor(grey.convert("RGB"), 1))


def test_two_channels_are_no_picture() -> None:
    with pytest.raises(ConfigError, match="1 or 3 channels, not 2"):
        to_tensor(Image.new("RGB", (2, 2)), 2)


@pytest.mark.parametrize("shape", [(2, 4, 4), (1, 3, 4, 4), (4, 4)])
def test_a_tensor_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(PictureError, match=r"\[1, H, W\] or \[3, H, W\]"):
        to_picture(torch.zeros(shape))


def test_a_tensor_without_numbers_is_refused() -> None:
    with pytest.raises(PictureError, match="not numbers"):
        to_picture(torch.full((3, 2, 2), torch.nan))


@given(width=st.integers(1, 40), height=st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_fit_at_the_pictures_own_size_loses_nothing(width: int, height: int) -> None:
    picture = Image.fromarray(noise(width, height))
    square, frame = fit(picture, max(width, height))
    assert unfit(square, frame).tobytes() == picture.tobytes()


@given(width=st.integers(1, 300), height=st.integers(1, 300), size=st.sampled_from([16, 64, 128]))
@settings(max_examples=60, deadline=None)
def test_a_frame_keeps_the_aspect_and_fills_the_square(width: int, height: int, size: int) -> None:
    square, frame = fit(Image.new("RGB", (width, height), "orange"), size)
    assert square.shape == (3, size, size)
    assert max(frame.inner_width, frame.inner_height) == size
    assert abs(frame.inner_width / size - width / max(width, height)) <= 1 / size
    assert abs(frame.inner_height / size - height / max(width, height)) <= 1 / size
    assert unfit(square, frame).size == (width, height)


def test_the_padding_repeats_the_edges() -> None:
    square, frame = fit(Image.fromarray(noise(20, 8)), 20)
    assert (frame.top, frame.inner_height) == (6, 8)
    torch.testing.assert_close(square[:, :6], square[:, 6:7].expand(-1, 6, -1))
    torch.testing.assert_close(square[:, 14:], square[:, 13:14].expand(-1, 6, -1))


@pytest.mark.parametrize("size", [(1, 2000), (2000, 1), (3, 1500)])
def test_an_extreme_aspect_comes_back_at_its_own_size(size: tuple[int, int]) -> None:
    square, frame = fit(Image.new("RGB", size, (10, 200, 30)), 64, 1)
    assert square.shape == (1, 64, 64)
    assert unfit(square, frame).size == size


@pytest.mark.parametrize("side", [37, 100, 513])
def test_scaling_keeps_the_mean_colour(side: int) -> None:
    picture = Image.fromarray(noise(side, side) // 2 + 64)
    square, frame = fit(picture, 64)
    mean = to_tensor(picture).mean(dim=(1, 2))
    torch.testing.assert_close(square.mean(dim=(1, 2)), mean, atol=2 / 255, rtol=0)
    torch.testing.assert_close(to_tensor(unfit(square, frame)).mean(dim=(1, 2)), mean, atol=3 / 255, rtol=0)


def test_scaling_down_blends_instead_of_skipping() -> None:
    stripes = np.zeros((256, 256), dtype=np.uint8)
    stripes[:, ::2] = 255
    square, _ = fit(Image.fromarray(stripes), 32, 1)
    assert square[:, 2:-2, 2:-2].abs().max() < 0.05


def test_a_square_of_another_size_is_refused() -> None:
    _, frame = fit(Image.new("RGB", (8, 4)), 16)
    with pytest.raises(PictureError, match="a square of 16 pixels, not 15 x 16"):
        unfit(Image.new("RGB", (15, 16)), frame)
