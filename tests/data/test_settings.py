import pytest
from pydantic import TypeAdapter, ValidationError

from motet.config import Settings
from motet.data.settings import (
    CentreCropSettings,
    FoldsSettings,
    HoldoutSettings,
    LimitSettings,
    MixedSettings,
    SamplingSettings,
    SegmentSettings,
    SplitSettings,
)


class DataSettings(Settings):
    limit: LimitSettings | None = None


SPLIT: TypeAdapter[object] = TypeAdapter(SplitSettings)
SAMPLING: TypeAdapter[object] = TypeAdapter(SamplingSettings)


def test_the_split_of_the_design_reads_as_printed() -> None:
    assert SPLIT.validate_python({"kind": "folds", "dev": 0.15}) == FoldsSettings(dev=0.15)


def test_the_segments_of_the_design_read_as_printed() -> None:
    settings = SegmentSettings.model_validate({"length_s": 5.0, "pad": "wrap"})
    assert (settings.length_s, settings.pad, settings.hop_s, settings.merge) == (5.0, "wrap", None, "mean")


def test_a_crop_is_named_by_its_kind_alone() -> None:
    assert SegmentSettings.model_validate({"crop": "centre"}).crop == CentreCropSettings()


def test_a_sampler_is_named_by_its_kind_alone() -> None:
    assert SAMPLING.validate_python("mixed") == MixedSettings()


@pytest.mark.parametrize("dev", [0, 0.0, 0.5, "fold", "partition"])
def test_dev_is_a_share_or_a_name(dev: object) -> None:
    assert SPLIT.validate_python({"kind": "folds", "dev": dev}).dev == dev  # type: ignore[attr-defined]


@pytest.mark.parametrize(("limit", "kept"), [(200, 200), (1, 1), (0.1, 0.1), (1.0, 1.0)])
def test_a_limit_is_a_number_of_rows_or_a_fraction(limit: float, kept: float) -> None:
    found = DataSettings.model_validate({"limit": limit}).limit
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        (0, "greater than or equal to 1"),
        (0.0, "greater than 0"),
        (1.5, "less than or equal to 1"),
        (True, "valid integer"),
    ],
)
def test_a_wrong_limit_gives_one_error(limit: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        DataSettings.model_validate({"limit": limit})
    assert caught.value.error_count() == 1


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ({"kind": "folds", "dev": "next"}, "'fold' or 'partition'"),
        ({"kind": "folds", "dev": 1.0}, "less than 1"),
        ({"kind": "folds", "test": 0.0}, "greater than 0"),
        ({"kind": "kfold", "folds": 1}, "greater than or equal to 2"),
        ({"kind": "holdout", "dev": "fold"}, "a holdout has no other fold: give a share"),
        ({"kind": "predefined", "dev": "fold"}, "a partition has no other fold: give a share"),
    ],
)
def test_a_wrong_split_gives_one_error(split: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        SPLIT.validate_python(split)
    assert caught.value.error_count() == 1


@pytest.mark.parametrize("test", [0, 1])
def test_a_holdout_tests_on_neither_nothing_nor_all(test: int) -> None:
    side = ["train", "test"][test]
    with pytest.raises(ValidationError, match=f"test is {test}, but a holdout has rows on both sides.* `use: {side}`"):
        HoldoutSettings(test=test)


@pytest.mark.parametrize(
    ("segments", "message"),
    [
        ({"length_s": 0}, "greater than 0"),
        ({"length_s": "longest"}, "'mean', 'median', 'min' or 'max'"),
        ({"hop_s": 0}, "greater than 0"),
        ({"pad": "zero"}, "'constant', 'repeat' or 'wrap'"),
    ],
)
def test_wrong_segments_give_one_error(segments: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        SegmentSettings.model_validate(segments)
    assert caught.value.error_count() == 1
