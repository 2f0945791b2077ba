from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from motet import tensor_file
from motet.config import Context, validate
from motet.data.batch import Batch, Column
from motet.errors import ConfigError, DataError
from motet.features.feature_map import TimeGrid
from motet.model import (
    DataSetDocument,
    InputDocument,
    Model,
    ModelDocument,
    input_shapes,
    read_network_weights,
    scaling_key,
)
from motet.networks.settings import ModelSettings
from motet.tasks.settings import MultilabelSettings, RegressionSettings, TunedThresholdSettings

CPU = torch.device("cpu")
ENCODER = [{"kind": "mlp", "hidden": [4]}]


def described(**changed: Any) -> InputDocument:
    return InputDocument(**({"channels": 1, "bins": 3, "step_s": 0.01} | changed))


def document(
    inputs: dict[str, dict[str, InputDocument]] | None = None, length_s: float | None = None, **network: Any
) -> ModelDocument:
    inputs = inputs or {"one": {"mel": described()}, "two": {"mel": described()}}
    return ModelDocument(
        data_sets={
            name: DataSetDocument(inputs=own, tasks=("tags", "level"), length_s=length_s)
            for name, own in inputs.items()
        },
        network=ModelSettings(**({"encoder": ENCODER} | network)),
        tasks={
            "tags": MultilabelSettings(decision=TunedThresholdSettings()),
            "level": RegressionSettings(),
        },
        labels={"tags": ("z", "a", "m"), "level": ("value",)},
    )


def fitted(made: ModelDocument, seed: int = 0) -> Model:
    """A model whose scalings and tasks were fitted to numbers that differ by data set and input."""
    torch.manual_seed(seed)
    model = Model(made)
    generator = np.random.default_rng(seed)
    scaling: Any
    for key, scaling in model.scalings.items():
        offset = sum(map(ord, key))
        scaling.update(generator.normal(offset, 1 + offset % 7, size=(50, 1, 3)))
        scaling.finish()
    model.tasks["level"].fit(np.array([[3.0], [9.0], [12.0]], np.float32))
    probabilities = generator.random((30, 3))
    model.tasks["tags"].tune(probabilities, (probabilities > 0.3).astype(np.float32))
    return model.eval()


def batch(names: tuple[str, ...] = ("mel",), lengths: list[int] | None = None) -> Batch:
    """Three rows of `one` and two of `two`."""
    given = None if lengths is None else torch.tensor(lengths)
    values = {
        name: torch.randn(5, 1, 6, 3, generator=torch.Generator().manual_seed(place))
        for place, name in enumerate(names)
    }
    inputs = {name: Column(own, None, given, TimeGrid(0.0, 0.01)) for name, own in values.items()}
    return Batch(5, inputs, {}, torch.arange(5), {}, spans=(("one", 0, 3), ("two", 3, 5)))


def predictions(model: Model, drawn: Batch) -> dict[str, Tensor]:
    with torch.no_grad():
        output = model.network(model.scale(drawn, CPU), dict.fromkeys(model.tasks))
    return {name: column.values for name, column in output.predictions.items()}


@pytest.mark.parametrize("names", [("mel",), ("wave", "mel")])
def test_a_saved_model_predicts_and_decides_the_same(tmp_path: Path, names: tuple[str, ...]) -> None:
    """Also where the order of the inputs, which a concatenation depends on, is not that of the alphabet."""
    inputs = {data_set: {name: described() for name in names} for data_set in ("one", "two")}
    model = fitted(document(inputs))
    model.save(tmp_path / "model.safetensors", epoch=4)
    loaded = Model.load(tmp_path / "model.safetensors").eval()
    drawn = batch(names, [6, 2, 5, 6, 3])
    before, after = predictions(model, drawn), predictions(loaded, drawn)
    assert before.keys() == after.keys() == {"tags", "level"}
    for name, values in before.items():
        assert torch.equal(values, after[name])
        probabilities = model.tasks[name].probabilities(values.numpy())
        assert np.array_equal(loaded.tasks[name].probabilities(values.numpy()), probabilities)
        assert np.array_equal(loaded.tasks[name].decide(probabilities), model.tasks[name].decide(probabilities))
        assert loaded.tasks[name].labels == model.tasks[name].labels
        assert loaded.tasks[name].decision_state() == model.tasks[name].decision_state() != {}
    assert loaded.document.notes == {"epoch": 4}
    loaded.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "model.safetensors").read_bytes()


def test_rows_are_scaled_by_the_scaling_of_their_data_set() -> None:
    model = fitted(document())
    drawn = batch(lengths=[6, 2, 5, 6, 3])
    scaled = model.scale(drawn, CPU)["mel"]
    values = drawn.inputs["mel"].values
    for row, data_set in enumerate(["one", "one", "one", "two", "two"]):
        scaling, length = model.scaling(data_set, "mel"), [6, 2, 5, 6, 3][row]
        expected = (values[row, :, :length] - scaling.offset) / scaling.scale
        assert torch.allclose(scaled.values[row, :, :length], expected)
        assert (scaled.values[row, :, length:] == 0).all()
    assert not torch.equal(model.scaling("one", "mel").offset, model.scaling("two", "mel").offset)
    assert scaled.grid == TimeGrid(0.0, 0.01)


def test_a_shared_scaling_is_one_object() -> None:
    shared = described(scaling={"kind": "standard", "shared": True})
    model = fitted(document({"one": {"mel": shared}, "two": {"mel": shared}}))
    assert model.scaling("one", "mel") is model.scaling("two", "mel")
    assert list(model.scalings) == [scaling_key("one", "mel", shared)] == ["*/mel"]
    assert scaling_key("one", "mel", described()) == "one/mel"
    drawn = batch()
    scaling = model.scaling("one", "mel")
    expected = (drawn.inputs["mel"].values - scaling.offset) / scaling.scale
    assert torch.allclose(model.scale(drawn, CPU)["mel"].values, expected)


def test_a_shared_scaling_is_of_one_kind() -> None:
    shared = described(scaling={"kind": "standard", "shared": True})
    other = described(scaling={"kind": "min_max", "shared": True})
    with pytest.raises(ConfigError, match=r"data\.two\.scaling: is shared, but differs from .* data\.one; make both"):
        Model(document({"one": {"mel": shared}, "two": {"mel": other}}))


def test_an_input_that_one_data_set_lacks() -> None:
    model = fitted(document({"one": {"mel": described()}, "two": {"mel": described(), "wave": described()}}))
    drawn = batch()
    wave = Column(torch.randn(2, 1, 6, 3), torch.tensor([3, 4]))
    with_wave = Batch(5, {**drawn.inputs, "wave": wave}, {}, torch.arange(5), {}, spans=drawn.spans)
    scaling = model.scaling("two", "wave")
    scaled = model.scale(with_wave, CPU)["wave"]
    assert torch.allclose(scaled.values, (wave.values - scaling.offset) / scaling.scale)
    assert scaled.rows is not None
    assert scaled.rows.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("length_s", "step_s", "frames"),
    [(None, 0.01, None), (0.5, 0.01, 50), (0.004, 0.01, 1), (None, 0.0, 1), (0.5, 0.0, 1)],
)
def test_frames_of_an_input(length_s: float | None, step_s: float, frames: int | None) -> None:
    made = document({"one": {"mel": described(step_s=step_s)}}, length_s)
    assert input_shapes(made)["mel"].frames == frames


def test_frames_are_open_where_data_sets_differ() -> None:
    made = document({"one": {"mel": described()}, "two": {"mel": described(step_s=0.02)}}, 0.5)
    assert input_shapes(made)["mel"].frames is None


def test_data_sets_give_an_input_one_shape() -> None:
    made = document({"one": {"mel": described()}, "two": {"mel": described(channels=2)}})
    message = r"input 'mel': data set 'one' has 1 channels and 3 bins, 'two' has 2 and 3.*signal\.channels"
    with pytest.raises(DataError, match=message):
        input_shapes(made)


def test_a_document_comes_back_from_json(tmp_path: Path) -> None:
    """Settings with every default, and strict: an unknown key is refused."""
    model = fitted(document())
    _, written = model.to_tensors()
    assert validate(ModelDocument, written, Context()) == model.describe()
    with pytest.raises(ConfigError, match=r"data_sets\.one.*colour"):
        validate(
            ModelDocument, {**written, "data_sets": {"one": {**written["data_sets"]["one"], "colour": 1}}}, Context()
        )


def test_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.safetensors"
    tensor_file.write(path, {}, {"model": {"format": 99, "motet": "7.0"}})
    with pytest.raises(DataError, match=r"holds no model of format 1 \(found: 99\); read it with .*\(7\.0\)"):
        Model.load(path)
    tensor_file.write(path, {"weights": torch.ones(1)}, {})
    with pytest.raises(DataError, match=r"holds no model of format 1 \(found: None\)"):
        Model.load(path)


def test_code_of_the_users_own_runs_only_when_allowed(tmp_path: Path) -> None:
    code = tmp_path / "mine.py"
    code.write_text(
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self, inputs, outputs):\n"
        "        super().__init__()\n"
        "        self.layer = nn.Linear(3, sum(outputs.values()))\n"
        "    def forward(self, inputs):\n"
        "        found = self.layer(inputs['mel'].mean((1, 2)))\n"
        "        return {'tags': found[:, :3], 'level': found[:, 3:]}\n"
    )
    settings = validate(ModelSettings, {"network": f"{code}:Net"}, Context(allow_code=True, folder=tmp_path))
    model = fitted(document().model_copy(update={"network": settings}))
    model.save(tmp_path / "model.safetensors")
    with pytest.raises(ConfigError, match="is user code, which runs only when you say so; add --allow-code"):
        Model.load(tmp_path / "model.safetensors")
    loaded = Model.load(tmp_path / "model.safetensors", allow_code=True).eval()
    assert torch.equal(predictions(loaded, batch())["level"], predictions(model, batch())["level"])
    assert set(read_network_weights(tmp_path / "model.safetensors")) == set(model.network.state_dict()), "no code runs"


def test_weights_alone_are_those_of_the_network(tmp_path: Path) -> None:
    model = fitted(document())
    model.save(tmp_path / "model.safetensors")
    found = read_network_weights(tmp_path / "model.safetensors")
    assert all(torch.equal(found[name], value) for name, value in model.network.state_dict().items())
    assert found.keys() == model.network.state_dict().keys()
