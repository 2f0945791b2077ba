from pathlib import Path

import pytest

from motet.errors import DataError
from motet.sources.corpora.dcase_scenes import DcaseScenes
from motet.sources.corpora.settings import DcaseScenesSettings
from motet.sources.example import Example
from tests.sources.conftest import Tree

OF_2017 = ["audio/b020_90_100.wav", "audio/b020_110_120.wav", "audio/b007_0_10.wav"]
OF_2020 = ["audio/airport-barcelona-0-0-a.wav", "audio/bus-lyon-1021-40000-s1.wav", "audio/tram-paris-9-1-b.wav"]


def listed(folder: Path) -> list[Example]:
    return list(DcaseScenes(DcaseScenesSettings(path=str(folder))).examples())


def write(folder: Path, name: str, *rows: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join(rows) + "\n")


@pytest.fixture
def of_2017(tree: Tree) -> Path:
    folder = tree(OF_2017)
    b020, other, b007 = OF_2017
    write(folder, "meta.txt", f"{b020}\tbeach\tb020", f"{other}\tbeach\tb020", f"{b007}\tcafe/restaurant\tb007")
    write(folder, "evaluation_setup/fold1_train.txt", f"{b020}\tbeach", f"{other}\tbeach")
    write(folder, "evaluation_setup/fold1_test.txt", b007)
    write(folder, "evaluation_setup/fold1_evaluate.txt", f"{b007}\tcafe/restaurant")
    write(folder, "evaluation_setup/fold2_train.txt", f"{b007}\tcafe/restaurant")
    write(folder, "evaluation_setup/fold2_evaluate.txt", f"{b020}\tbeach")
    return folder


def test_tut_2017(of_2017: Path) -> None:
    b007, other, b020 = listed(of_2017)
    assert (b007.id, b007.targets, b007.group) == (OF_2017[2], {"scene": "cafe/restaurant"}, "b007")
    assert b020.folds == {"1": "train", "2": "test"}
    assert b007.folds == {"1": "test", "2": "train"}
    assert other.folds == {"1": "train"}


def test_the_place_stands_in_the_name_where_the_table_says_none(of_2017: Path) -> None:
    table = of_2017 / "meta.txt"
    table.write_text("\n".join(line.rsplit("\t", 1)[0] for line in table.read_text().splitlines()))
    assert [example.group for example in listed(of_2017)] == ["b007", "b020", "b020"]


@pytest.mark.parametrize(("ending", "header"), [("txt", False), ("csv", True)])
def test_urban_scenes(tree: Tree, ending: str, header: bool) -> None:
    folder = tree(OF_2020)
    airport, bus, tram = OF_2020
    write(
        folder,
        "meta.csv",
        "filename\tscene_label\tidentifier\tsource_label",
        f"{airport}\tairport\tbarcelona-0\ta",
        f"{bus}\tbus\tlyon-1021\ts1",
        f"{tram}\ttram\tparis-9\tb",
    )
    first = ["filename\tscene_label"] if header else []
    write(folder, f"evaluation_setup/fold1_train.{ending}", *first, f"{airport}\tairport")
    write(folder, f"evaluation_setup/fold1_test.{ending}", *first[:1], bus)
    examples = listed(folder)
    assert [example.folds for example in examples] == [{"1": "train"}, {"1": "test"}, {}]
    assert [example.group for example in examples] == ["barcelona-0", "lyon-1021", "paris-9"]
    assert examples[1].targets == {"scene": "bus", "city": "lyon", "device": "s1"}


def test_a_recording_on_both_sides_is_refused(of_2017: Path) -> None:
    write(of_2017, "evaluation_setup/fold1_test.txt", OF_2017[0])
    with pytest.raises(DataError, match=r"fold 1 trains and tests on audio/b020_90_100\.wav"):
        listed(of_2017)


def test_tables_and_lists_must_be_there(of_2017: Path) -> None:
    (of_2017 / "meta.txt").unlink()
    with pytest.raises(DataError, match=r"holds neither meta\.csv nor meta\.txt"):
        listed(of_2017)
    for path in (of_2017 / "evaluation_setup").iterdir():
        path.unlink()
    with pytest.raises(DataError, match=r"evaluation_setup: holds no lists such as fold1_train\.txt or, .* test\.txt"):
        listed(of_2017)


@pytest.fixture
def evaluation(tree: Tree) -> Path:
    """Return TUT-acoustic-scenes-2017-evaluation: numbered recordings, what they were before, and what is heard."""
    folder = tree(["audio/0.wav", "audio/1.wav", "audio/2.wav"])
    write(folder, "evaluation_setup/test.txt", "audio/0.wav", "audio/1.wav", "audio/2.wav")
    rows = ["audio/0.wav\tbeach", "audio/1.wav\tcafe/restaurant", "audio/2.wav\tbeach"]
    write(folder, "evaluation_setup/evaluate.txt", *rows)
    former = zip(("b101_0_10", "b102_90_100", "b101_10_20"), range(3), strict=True)
    write(folder, "evaluation_setup/map.txt", *(f"audio/{name}.wav\taudio/{number}.wav" for name, number in former))
    write(folder, "meta.txt", *rows)
    return folder


@pytest.mark.parametrize("without", [[], ["meta.txt"], ["evaluation_setup/evaluate.txt"]])
def test_an_evaluation_set_tests(evaluation: Path, without: list[str]) -> None:
    for name in without:
        (evaluation / name).unlink()
    found = [(example.id, example.targets["scene"], example.group) for example in listed(evaluation)]
    assert found == [
        ("audio/0.wav", "beach", "b101"),
        ("audio/1.wav", "cafe/restaurant", "b102"),
        ("audio/2.wav", "beach", "b101"),
    ]
    assert {(example.partition, example.folds) for example in listed(evaluation)} == {("test", None)}


def test_where_nothing_says_the_place_there_is_no_group(evaluation: Path) -> None:
    (evaluation / "evaluation_setup/map.txt").unlink()
    assert [example.group for example in listed(evaluation)] == [None, None, None]


def test_the_evaluation_set_of_2016_says_former_names_in_its_list(tree: Tree) -> None:
    folder = tree(["audio/1.wav", "audio/2.wav"])
    write(folder, "meta.txt", "audio/1.wav\tbus", "audio/2.wav\tpark")
    write(folder, "evaluation_setup/test.txt", "audio/1.wav", "audio/2.wav")
    rows = ["audio/1.wav\tbus\taudio/a147_30_60.wav", "audio/2.wav\tpark\taudio/b006_0_30.wav"]
    write(folder, "evaluation_setup/evaluate.txt", *rows)
    assert [(example.targets, example.group) for example in listed(folder)] == [
        ({"scene": "bus"}, "a147"),
        ({"scene": "park"}, "b006"),
    ]


@pytest.mark.parametrize("name", ["test.txt", "test.csv", "fold1_test.csv"])
def test_an_evaluation_set_without_labels_cannot_test(tree: Tree, name: str) -> None:
    folder = tree(["audio/0.wav", "audio/1.wav"])
    write(folder, f"evaluation_setup/{name}", "filename", "audio/0.wav", "audio/1.wav")
    with pytest.raises(
        DataError, match=r"2 of the 2 recordings that it tests on have no scene, .* cannot test: test on"
    ):
        listed(folder)


def test_labels_that_are_published_later_are_read(tree: Tree) -> None:
    folder = tree(["audio/0.wav", "audio/1.wav"])
    write(folder, "evaluation_setup/fold1_test.csv", "filename", "audio/0.wav", "audio/1.wav")
    labelled = ["filename\tscene_label", "audio/0.wav\tbus", "audio/1.wav\ttram"]
    write(folder, "evaluation_setup/fold1_evaluate.csv", *labelled)
    assert [(example.targets, example.partition) for example in listed(folder)] == [
        ({"scene": "bus"}, "test"),
        ({"scene": "tram"}, "test"),
    ]
    write(folder, "evaluation_setup/fold1_evaluate.csv", *labelled[:2])
    with pytest.raises(DataError, match=r"1 of the 2 recordings"):
        listed(folder)
