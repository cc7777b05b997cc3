"""The cast before the plate."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.compositing.composer import Behind, Composer
from engine.compositing.composite import _grain, _noise, composite
from engine.compositing.plates import BlurredCamera, ColourPlate, PicturePlate
from engine.compositing.settings import CUT_OUT, DEFAULTS, SETTINGS, Setting, Settings
from engine.compositing.types import CameraPlate, Light, Plate

HEIGHT, WIDTH = 108, 192


def texture(seed: int, low: int = 40, high: int = 200) -> np.ndarray:
    small = np.random.default_rng(seed).integers(low, high, (14, 24, 3)).astype(np.uint8)
    return cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def person(x: float = 0.5, bottom: float = 1.2) -> np.ndarray:
    """The matte of a figure whose middle stands at `x` and which ends at `bottom`, in parts of the picture."""
    matte = np.zeros((HEIGHT, WIDTH), np.uint8)
    centre = round(x * WIDTH), round((bottom - 0.5) * HEIGHT)
    cv2.ellipse(matte, centre, (WIDTH // 8, HEIGHT // 2), 0, 0, 360, 255, -1)
    return cv2.GaussianBlur(matte, (0, 0), 1)


CAMERA, PLATE, ALPHA = texture(1), texture(2), person()


def test_a_cut_out_is_the_camera_inside_and_the_plate_outside() -> None:
    picture = composite(CAMERA, ALPHA, PLATE, CUT_OUT)
    assert np.array_equal(picture[ALPHA == 255], CAMERA[ALPHA == 255])
    assert np.array_equal(picture[ALPHA == 0], PLATE[ALPHA == 0])


def test_half_of_black_and_half_of_white_is_half_of_the_light() -> None:
    black, white = (np.full((8, 8, 3), value, np.uint8) for value in (0, 255))
    half = composite(white, np.full((8, 8), 128, np.uint8), black, CUT_OUT)
    assert np.unique(half).tolist() == [round(255 * (128 / 255) ** 0.5)]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_each_setting_has_a_range_and_does_something(setting: Setting) -> None:
    for value in (setting.least - 0.01, setting.most + 0.01, float("nan")):
        with pytest.raises(ValueError, match=rf"{setting.name} of .* it is {setting.least:g} to {setting.most:g}"):
            Settings(**{setting.name: value})
    noise = np.random.default_rng(0).normal(0, 12, CAMERA.shape)
    noisy = np.clip(cv2.GaussianBlur(CAMERA, (0, 0), 3) + noise, 0, 255).astype(np.uint8)
    camera, plate = noisy, texture(3, 5, 90)
    if setting.name == "softness":
        camera = np.asarray(cv2.GaussianBlur(CAMERA, (0, 0), 3), np.uint8)
        plate = np.kron(plate[::9, ::8], np.ones((9, 8, 1), np.uint8))
    alpha = person(bottom=0.9)
    off = composite(camera, alpha, plate, CUT_OUT)
    full = composite(camera, alpha, plate, Settings(**{s.name: 0.0 for s in SETTINGS} | {setting.name: setting.most}))
    assert np.abs(off.astype(int) - full).max() > 4


def test_pictures_of_different_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"a matte of uint8 \(107, 192\); it is uint8 \(108, 192\)"):
        composite(CAMERA, ALPHA[1:], PLATE)
    with pytest.raises(ValueError, match=r"a plate of uint8 \(107, 192, 3\)"):
        composite(CAMERA, ALPHA, PLATE[1:])
    with pytest.raises(ValueError, match=r"a camera's picture of float32"):
        composite(CAMERA.astype(np.float32), ALPHA, PLATE)


def test_the_number_of_threads_changes_no_byte() -> None:
    rgb, alpha, plate = (np.asarray(cv2.resize(each, (960, 540)), np.uint8) for each in (CAMERA, ALPHA, PLATE))
    before = cv2.getNumThreads()
    try:
        pictures = []
        for threads in (1, 2, 5):
            cv2.setNumThreads(threads)
            pictures.append([composite(rgb, alpha, plate), BlurredCamera().picture_of(rgb, alpha)])
    finally:
        cv2.setNumThreads(before)
    for other in pictures[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(pictures[0], other, strict=True))


def test_no_light_of_white_changes_the_cast() -> None:
    neutral = Settings(**{setting.name: 0.0 for setting in SETTINGS} | {"relight": 1.0})
    picture = composite(CAMERA, ALPHA, PLATE, neutral, Light())
    assert np.array_equal(picture, composite(CAMERA, ALPHA, PLATE, CUT_OUT))


def test_light_from_the_left_is_brighter_on_the_left() -> None:
    grey = np.full_like(CAMERA, 128)
    dim = Light((1.0, 1.0, 1.0), (-1.0, 0.0), (0.2, 0.2, 0.2))
    picture = composite(grey, ALPHA, grey, Settings(**{s.name: 0.0 for s in SETTINGS} | {"relight": 1.0}), dim)
    whole = np.flatnonzero((ALPHA[60:] == 255).all(0))
    columns = picture[60:, whole, 1].mean(0)
    assert columns[:4].mean() > 1.3 * columns[-4:].mean()


def test_a_composer_gives_the_same_whether_it_composed_or_passed_by() -> None:
    plates: list[Plate] = [PicturePlate(PLATE), ColourPlate((10, 40, 90))]
    frames = [(texture(9), person(0.3 + 0.01 * index), 3 + index / 24) for index in range(24)]
    one, two = Composer(), Composer()
    for index, (rgb, alpha, time_s) in enumerate(frames[:-1]):
        one.compose(rgb, alpha, [Behind(plates[index % 2])], DEFAULTS, time_s)
        two.pass_by(rgb, alpha, time_s)
    rgb, alpha, time_s = frames[-1]
    last, other = (each.compose(rgb, alpha, [Behind(plates[0], 1, 3)], DEFAULTS, time_s) for each in (one, two))
    assert np.array_equal(last, other)
    assert one.following == two.following
    fresh = Composer().compose(rgb, alpha, [Behind(plates[0], 1, 3)], DEFAULTS, time_s)
    assert not np.array_equal(fresh, last)  # what went before counts


def test_a_fade_goes_from_one_set_to_the_other() -> None:
    one, two = Behind(ColourPlate((200, 0, 0)), 0.75), Behind(ColourPlate((0, 0, 200)), 0.25)
    nobody = np.zeros_like(ALPHA)
    picture = Composer().compose(CAMERA, nobody, [one, two], CUT_OUT)
    assert np.unique(picture.reshape(-1, 3), axis=0).tolist() == [[150, 0, 50]]
    to_camera = Composer().compose(CAMERA, nobody, [one, Behind(None, 0.25)], CUT_OUT)
    expected = 0.75 * np.array([200, 0, 0]) + 0.25 * CAMERA
    assert np.abs(to_camera - expected).max() <= 1
    assert np.array_equal(Composer().compose(CAMERA, ALPHA, [], DEFAULTS), CAMERA)
    with pytest.raises(ValueError, match="each is above 0"):
        Composer().compose(CAMERA, ALPHA, [Behind(None, 0.0)])


def test_before_the_blurred_camera_the_cast_stays_as_filmed() -> None:
    edges_alone = Settings(feather=0, choke=0)
    picture = Composer().compose(CAMERA, ALPHA, [Behind(BlurredCamera())], edges_alone)
    assert np.array_equal(picture[ALPHA == 255], CAMERA[ALPHA == 255])
    half = Composer().compose(CAMERA, ALPHA, [Behind(BlurredCamera()), Behind(PicturePlate(PLATE))], edges_alone)
    whole = Composer().compose(CAMERA, ALPHA, [Behind(PicturePlate(PLATE))], edges_alone)
    inside = ALPHA == 255
    changed = [np.abs(each[inside].astype(int) - CAMERA[inside]).mean() for each in (half, whole)]
    assert 0.2 * changed[1] < changed[0] < 0.8 * changed[1]  # a fade takes it half of the way


class Lit(PicturePlate):
    """A picture whose light is known."""

    light = Light((0.9, 0.4, 0.2), (-1, 0.2), (0.1, 0.1, 0.3), 0.5)


def test_a_fade_begins_and_ends_without_a_jump() -> None:
    """Between sets whose light is known, guessed, and that of the camera."""
    kinds = Lit(PLATE), PicturePlate(texture(3, 5, 90)), BlurredCamera(), None
    for one in kinds:
        for other in kinds:
            alone = Composer().compose(CAMERA, ALPHA, [Behind(one)]).astype(int)
            begun = Composer().compose(CAMERA, ALPHA, [Behind(one, 0.995), Behind(other, 0.005)])
            assert np.abs(begun - alone).max() <= 2, (one, other)


def test_under_a_known_light_the_cast_is_first_brought_to_white_light() -> None:
    dim = (CAMERA * (0.5, 0.4, 0.3)).astype(np.uint8)
    match = Settings(**{setting.name: 0.0 for setting in SETTINGS} | {"match": 1.0})
    lit = composite(dim, ALPHA, PLATE, match, Light())
    inside = ALPHA == 255
    assert lit[inside].mean() > 1.4 * dim[inside].mean()
    warmth = [float(each[inside][:, 0].mean() / each[inside][:, 2].mean()) for each in (dim, lit)]
    assert abs(warmth[1] - 1) < 0.5 * abs(warmth[0] - 1)


def test_the_cast_does_not_bleed_into_the_blurred_camera() -> None:
    wall, red = np.full_like(CAMERA, 90), np.full_like(CAMERA, (255, 0, 0))
    hard = np.where(ALPHA > 127, 255, 0).astype(np.uint8)
    for alpha, most in ((hard, 1), (ALPHA, 12)):  # of a soft edge some of the cast is in the background's pixels
        camera = composite(red, alpha, wall, CUT_OUT)
        blurred = BlurredCamera(0.08).picture_of(camera, alpha)
        assert np.abs(blurred.astype(int) - 90).max() <= most
    assert isinstance(BlurredCamera(), CameraPlate)
    assert not isinstance(ColourPlate((0, 0, 0)), CameraPlate)
    with pytest.raises(ValueError, match="above 0 and at most"):
        BlurredCamera(0.0)


def test_without_a_cast_the_plate_stands_alone() -> None:
    picture = composite(CAMERA, np.zeros_like(ALPHA), PLATE, DEFAULTS)
    assert np.abs(picture.astype(int) - PLATE).max() <= 1


EXTREMES = [Settings(), CUT_OUT] + [
    Settings(**{setting.name: getattr(setting, end) for setting in SETTINGS}) for end in ("least", "most")
]


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 2), (16, 16), (97, 65), (54, 96), (640, 64)])
def test_any_size_any_matte_and_any_settings_give_a_picture(width: int, height: int) -> None:
    rng = np.random.default_rng(0)
    plates = PicturePlate(texture(4)), ColourPlate((0, 0, 0)), ColourPlate((255, 255, 255)), BlurredCamera(0.2)
    mattes = [np.full((height, width), level, np.uint8) for level in (0, 1, 255)]
    mattes.append(rng.integers(0, 256, (height, width)).astype(np.uint8))
    for rgb in (rng.integers(0, 256, (height, width, 3)).astype(np.uint8), np.zeros((height, width, 3), np.uint8)):
        for matte in mattes:
            for plate in plates:
                composer = Composer()
                for time_s, settings in zip((0.0, 0.04, 100.0, 50.0), EXTREMES, strict=True):  # also back in time
                    picture = composer.compose(rgb, matte, [Behind(plate)], settings, time_s)
                    assert picture.shape == rgb.shape
                    assert picture.dtype == np.uint8


def test_grain_of_any_strength_is_one_sheet_of_noise() -> None:
    """Drawn once: a new one would take longer than a frame lasts."""
    _noise.cache_clear()
    sheets = {quarters: np.subtract(*(part.astype(int) for part in _grain(quarters, 120, 90))) for quarters in (8, 40)}
    assert _noise.cache_info().misses == 1
    np.testing.assert_allclose(sheets[40], 5 * sheets[8], atol=3.1)  # as far as both are whole numbers


def test_grain_is_as_strong_as_it_says() -> None:
    """Each channel's standard deviation is 1; of 400,000 values it is known to 0.2 %."""
    np.testing.assert_allclose(_noise(800, 500).std((0, 1)), 1.0, atol=0.01)
    more, less = (part.astype(float) for part in _grain(24, 800, 500))
    np.testing.assert_allclose((more - less).std((0, 1)), 6.0, atol=0.08)
