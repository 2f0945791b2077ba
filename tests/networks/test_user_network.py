"""A network of the user's own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from motet.config import Context
from motet.data.batch import Column
from motet.errors import ConfigError
from motet.networks.build import build_network
from motet.networks.settings import ModelSettings
from motet.networks.shape import MapShape
from motet.networks.user_network import UserNetwork
from tests.networks.maps import noise, ragged

SHAPE = MapShape(2, 5, 3)
CODE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, inputs, outputs, width=4):
        super().__init__()
        shape = inputs["mel"]
        self.body = nn.Linear(shape.channels * shape.frames * shape.bins, width)
        self.heads = nn.ModuleDict({task: nn.Linear(width, count) for task, count in outputs.items()})

    def forward(self, inputs):
        features = torch.tanh(self.body(inputs["mel"].flatten(1)))
        return {task: head(features) for task, head in self.heads.items()}

class Doubled(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape

    def forward(self, column):
        return type(column)(2 * column.values, column.rows, column.lengths, column.grid)

class NoModule:
    def __init__(self, *args):
        pass
"""


class Mean(nn.Module):
    """The mean of the valid frames, [n, C], as the raw outputs of one task."""

    def forward(self, inputs: Mapping[str, Tensor], lengths: Mapping[str, Tensor | None]) -> dict[str, Tensor]:
        values, valid = inputs["mel"].mean(3), lengths["mel"]
        count = torch.full((len(values),), values.shape[2]) if valid is None else valid
        return {"sound": values.sum(2) / count[:, None]}


class Returns(nn.Module):
    def __init__(self, found: object) -> None:
        super().__init__()
        self.found = found

    def forward(self, inputs: Mapping[str, Tensor]) -> Any:
        return self.found


def settings(folder: Path, **written: Any) -> ModelSettings:
    (folder / "mine.py").write_text(CODE, encoding="utf-8")
    return ModelSettings.model_validate(written, context=Context(allow_code=True, folder=folder))


def given_in_python(module: nn.Module, outputs: dict[str, int] | None = None) -> UserNetwork:
    built = build_network(ModelSettings.model_validate({"network": module}), {"mel": SHAPE}, outputs or {"sound": 2})
    assert isinstance(built, UserNetwork)
    return built


def test_a_class_in_a_file_is_built_with_shapes_and_options(tmp_path: Path) -> None:
    written = settings(tmp_path, network={"kind": "./mine.py:Net", "width": 6})
    built = build_network(written, {"mel": SHAPE}, {"sound": 2, "level": 1})
    rows = torch.tensor([1])
    out = built({"mel": noise(SHAPE)}, {"sound": None, "level": rows})
    assert out.predictions["sound"].values.shape == (2, 2)
    assert out.predictions["level"].values.shape == (1, 1)
    assert out.predictions["level"].rows is rows
    assert isinstance(built, UserNetwork)
    assert built.module.body.weight.shape == (6, 30)  # type: ignore[union-attr]
    assert built.min_frames == {"mel": 1}


def test_a_module_in_python_is_copied_with_its_weights() -> None:
    class Fixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(30, 2)

        def forward(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
            return {"sound": self.head(inputs["mel"].flatten(1))}

    trained, column = Fixed(), noise(SHAPE)
    first, second = given_in_python(trained), given_in_python(trained)
    wanted = trained({"mel": column.values})["sound"]
    assert torch.equal(first({"mel": column}, {"sound": None}).predictions["sound"].values, wanted)
    with torch.no_grad():
        for parameter in first.parameters():
            parameter.zero_()
    assert torch.equal(second({"mel": column}, {"sound": None}).predictions["sound"].values, wanted)


def test_a_network_may_take_lengths() -> None:
    built, column = given_in_python(Mean()), ragged(SHAPE, [3, 5])
    found = built({"mel": column}, {"sound": None}).predictions["sound"].values
    torch.testing.assert_close(found[0], column.values[0, :, :3].mean((1, 2)))
    full = Column(column.values)
    torch.testing.assert_close(
        built({"mel": full}, {"sound": None}).predictions["sound"].values, column.values.mean((2, 3))
    )


def test_padding_is_refused_where_the_network_cannot_know_it() -> None:
    built = given_in_python(Returns({"sound": torch.zeros(2, 2)}))
    with pytest.raises(
        ConfigError, match=r"model.network: rows of the input 'mel' .* set segments: .*pad: wrap}, or let"
    ):
        built({"mel": ragged(SHAPE, [3, 5])}, {"sound": None})


def test_rows_without_an_input_are_refused() -> None:
    column = Column(noise(SHAPE).values, torch.tensor([0, 2]))
    with pytest.raises(ConfigError, match="some rows lack the input 'mel'"):
        given_in_python(Returns({"sound": torch.zeros(2, 2)}))({"mel": column}, {"sound": None})


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([1.0, 2.0], r"returns list in place of a mapping for the task 'sound'"),
        ({"noise": torch.zeros(2, 2)}, r"returns NoneType for the task 'sound', which wants a tensor \[2, 2\]"),
        (
            {"sound": torch.zeros(2, 3)},
            r"returns a tensor \[2, 3\] for the task 'sound', which wants a tensor \[2, 2\]",
        ),
    ],
)
def test_what_is_no_prediction_is_refused(found: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        given_in_python(Returns(found))({"mel": noise(SHAPE)}, {"sound": None})


def test_what_is_no_module_is_refused(tmp_path: Path) -> None:
    written = settings(tmp_path, network="./mine.py:NoModule")
    with pytest.raises(ConfigError, match=r"model.network: .*mine.py:NoModule is no torch.nn.Module; derive it"):
        build_network(written, {"mel": SHAPE}, {"sound": 2})


def test_a_layer_may_be_of_the_users_own(tmp_path: Path) -> None:
    pool = {"kind": "pool", "over": "all"}
    written = settings(tmp_path, encoder=[{"kind": "./mine.py:Doubled"}, pool])
    built = build_network(written, {"mel": SHAPE}, {"sound": 2})
    column = noise(SHAPE)
    out = built({"mel": column}, {"sound": None})
    torch.testing.assert_close(out.shared[0], 2 * column.values.mean((2, 3)))


def test_a_layer_without_a_shape_is_refused() -> None:
    written = ModelSettings.model_validate({"encoder": [nn.Identity()]})
    with pytest.raises(ConfigError, match=r"model.encoder.0: .*Identity has no `shape`; set it to the MapShape"):
        build_network(written, {"mel": SHAPE}, {"sound": 2})


def test_any_module_takes_the_map_of_the_only_input_and_gives_the_only_task() -> None:
    module, column = nn.Sequential(nn.Flatten(), nn.Linear(30, 2)), noise(SHAPE)
    built = given_in_python(module)
    found = built({"mel": column}, {"sound": torch.tensor([1])}).predictions["sound"].values
    assert torch.equal(found, module(column.values)[1:])
    two = given_in_python(module, {"sound": 2, "level": 2})
    with pytest.raises(ConfigError, match="returns Tensor in place of a mapping for the task 'sound'"):
        two({"mel": column}, {"sound": None, "level": None})
    with pytest.raises(ConfigError, match="its forward takes one map, but there are the inputs mel, wave; let it take"):
        build_network(ModelSettings.model_validate({"network": module}), {"mel": SHAPE, "wave": SHAPE}, {"sound": 2})
