"""The network as a whole."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from motet.data.batch import Column
from motet.networks.build import build_network
from motet.networks.network import Network, layers_of
from motet.networks.settings import ModelSettings
from motet.networks.shape import MapShape
from tests.networks.maps import alone, noise, ragged

SHAPE = MapShape(1, None, 16)
OUTPUTS = {"sound": 10, "level": 1}
LAYERS: dict[str, dict[str, Any]] = {
    "cnn": {"kind": "cnn", "channels": [4, 8]},
    "cnn 1D": {"kind": "cnn", "dims": 1, "channels": [4], "kernel": 5, "stride": 2},
    "rnn": {"kind": "rnn", "hidden": 5, "bidirectional": True},
    "mlp": {"kind": "mlp", "hidden": [6], "normalisation": "batch"},
}


def network(*encoder: dict[str, Any], inputs: dict[str, MapShape] | None = None, **written: Any) -> Network:
    torch.manual_seed(0)
    chosen = ModelSettings.model_validate({"encoder": list(encoder), **written})
    built = build_network(chosen, inputs or {"mel": SHAPE}, OUTPUTS)
    assert isinstance(built, Network)
    return built


def design() -> Network:
    return network(
        {"kind": "cnn", "dims": 2, "channels": [32, 64, 128], "kernel": 3, "stride": 1, "padding": 1},
        {"kind": "rnn", "cell": "gru", "layers": 2, "hidden": 128, "bidirectional": True},
    )


def test_only_the_tasks_that_are_asked_for_are_computed() -> None:
    built, column = network(LAYERS["cnn"]), noise(SHAPE, frames=40, rows=3)
    rows = torch.tensor([0, 2])
    out = built({"mel": column}, {"sound": rows})
    assert list(out.predictions) == ["sound"]
    assert out.predictions["sound"].rows is rows
    everything = built({"mel": column}, {"sound": None, "level": None})
    torch.testing.assert_close(out.predictions["sound"].values, everything.predictions["sound"].values[rows])
    assert everything.predictions["level"].values.shape == (3, 1)


def test_heads_share_the_features() -> None:
    built = network(LAYERS["cnn"])
    out = built({"mel": noise(SHAPE, frames=40)}, {"sound": None, "level": None})
    (features,) = out.shared
    assert features is out.embeddings["features"].values
    assert features.shape == (2, 8 * 4)
    for task, column in out.predictions.items():
        assert torch.equal(column.values, built.heads.of(task)(features))
    assert out.losses == {}


def test_a_head_sees_its_rows_only() -> None:
    built = network(LAYERS["rnn"])
    column = noise(SHAPE, frames=9)
    column.values.requires_grad_()
    torch.autograd.backward(built({"mel": column}, {"sound": torch.tensor([1])}).predictions["sound"].values.sum())
    assert column.values.grad is not None
    assert not column.values.grad[0].any()
    assert column.values.grad[1].any()


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.sampled_from(sorted(LAYERS)), max_size=3),
    st.sampled_from([("mean", "time"), ("mean", "all"), ("max", "time"), ("last", "time"), ("attention", "all")]),
    st.lists(st.integers(0, 30), min_size=2, max_size=4),
)
def test_padded_rows_are_as_if_alone(kinds: list[str], pooling: tuple[str, str], more: list[int]) -> None:
    layers = [{**LAYERS[kind], "pooling": {"size": [2, 1]}} if kind == "cnn" else LAYERS[kind] for kind in kinds]
    built = network(*layers, pooling={"how": pooling[0], "over": pooling[1]}).eval()
    column = ragged(SHAPE, [1 + extra for extra in more])
    with torch.no_grad():
        together = built({"mel": column}, {"sound": None}).predictions["sound"].values
        for row in range(len(more)):
            single = built({"mel": alone(column, row)}, {"sound": None}).predictions["sound"].values
            torch.testing.assert_close(together[row : row + 1], single, atol=1e-5, rtol=0)


def test_the_printed_network_learns() -> None:
    built, column = design(), noise(SHAPE, rows=4, frames=24)
    assert [layer.shape for layer in layers_of(built.encoders.of("mel"))] == [
        MapShape(128, None, 2),
        MapShape(256, None, 1),
    ]
    targets = torch.tensor([0, 1, 2, 3])
    optimizer = torch.optim.Adam(built.parameters(), 1e-3)
    losses = []
    for _ in range(4):
        optimizer.zero_grad()
        out = built({"mel": column}, {"sound": None, "level": None}).predictions
        loss = nn.functional.cross_entropy(out["sound"].values, targets) + out["level"].values.square().mean()
        torch.autograd.backward(loss)
        assert all(parameter.grad is not None and parameter.grad.any() for parameter in built.parameters())
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]


def test_the_shortest_map_is_computed_through_all_layers() -> None:
    built = network(
        {"kind": "cnn", "channels": [4, 4], "kernel": [5, 3], "padding": [0, 1], "pooling": {"size": [3, 2]}},
        {"kind": "cnn", "dims": 1, "channels": [4], "stride": 4, "kernel": 7, "padding": 1, "pooling": "none"},
    )
    assert built.min_frames == {"mel": 4 + 3 * (4 + 3 * 5)}
    assert design().min_frames == {"mel": 8}


@pytest.mark.parametrize("lengths", [None, [3, 8], [5, 20]])
def test_short_rows_are_extended_by_zeros(lengths: list[int] | None) -> None:
    built = network(LAYERS["cnn"], LAYERS["cnn"]).eval()
    assert built.min_frames == {"mel": 16}
    column = noise(SHAPE, frames=3) if lengths is None else ragged(SHAPE, lengths)
    found = built({"mel": column}, {"sound": None}).predictions["sound"].values
    for row in range(2):
        length = 3 if lengths is None else lengths[row]
        values = torch.zeros(1, 1, max(16, length), 16)
        values[:, :, :length] = column.values[row, :, :length]
        wanted = built({"mel": Column(values)}, {"sound": None}).predictions["sound"].values
        torch.testing.assert_close(found[row : row + 1], wanted, atol=1e-5, rtol=0)


def test_weights_are_saved_and_loaded() -> None:
    first, second = design(), design()
    column = noise(SHAPE, frames=20)
    first({"mel": column}, {})
    with torch.no_grad():
        for parameter in first.parameters():
            parameter.add_(0.01)
    second.load_state_dict({name: tensor.contiguous() for name, tensor in first.state_dict().items()})
    results = [each.eval()({"mel": column}, {"sound": None}).predictions["sound"].values for each in (first, second)]
    assert torch.equal(*results)


def test_several_inputs_are_fused_before_the_trunk() -> None:
    inputs = {"mel": MapShape(1, 40, 16), "wave": MapShape(2, 400, 1)}
    written = {
        "encoder": {"mel": [LAYERS["cnn"]], "wave": [LAYERS["cnn 1D"]]},
        "trunk": [{"kind": "mlp", "hidden": [7]}],
        "heads": {"sound": {"hidden": [5]}},
    }
    built = build_network(ModelSettings.model_validate(written), inputs, OUTPUTS)
    assert isinstance(built, Network)
    assert built.min_frames == {"mel": 4, "wave": 3}
    columns = {name: noise(shape) for name, shape in inputs.items()}
    out = built(columns, {"sound": None, "level": None})
    assert out.shared[0].shape == (2, 7)
    sum(column.values.sum() for column in out.predictions.values()).backward()
    assert all(parameter.grad is not None for parameter in built.parameters())


def test_an_input_that_no_row_has_is_passed_over() -> None:
    inputs = {"mel": MapShape(1, 40, 16), "wave": MapShape(2, 400, 1)}
    written = {"encoder": {"mel": [LAYERS["cnn"]], "wave": [LAYERS["cnn 1D"]]}}
    built = build_network(ModelSettings.model_validate(written), inputs, OUTPUTS).eval()
    mel = noise(inputs["mel"])
    empty = Column(torch.zeros(0, 2, 400, 1), torch.zeros(0, dtype=torch.int64))
    results = [
        built(given, {"sound": None}).predictions["sound"].values
        for given in ({"mel": mel}, {"mel": mel, "wave": empty})
    ]
    assert torch.equal(*results)


def test_autocast_gives_finite_predictions_close_to_the_exact_ones() -> None:
    built = design().eval()
    column = ragged(SHAPE, [30, 17])
    exact = built({"mel": column}, {"sound": None}).predictions["sound"].values
    with torch.autocast("cpu", torch.bfloat16):
        rough = built({"mel": column}, {"sound": None}).predictions["sound"].values
    torch.testing.assert_close(rough.float(), exact, atol=0.05, rtol=0)
