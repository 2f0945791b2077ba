"""Layer-wise pre-training: which weights move when, by which loss, and what the joint updates begin with."""

from typing import Any

import numpy as np
import pytest
import torch

from motet.data.batch import Batch, Column
from motet.errors import ConfigError
from motet.model import Model, as_frames
from motet.networks.build import build_network
from motet.networks.settings import ModelSettings
from motet.networks.shape import MapShape
from motet.tasks.map_losses import squared_error
from motet.training.loop import Training, descend, take_step, train
from motet.training.optimizer_settings import AdamSettings, SgdSettings
from motet.training.optimizers import build_schedule
from motet.training.procedure_settings import LayerWiseSettings
from motet.training.procedures.layer_wise import Decoder, LayerWise, stages_of
from motet.training.settings import OneCycleSettings
from motet.training.teaching import Teaching, Vary
from tests.training.small import quiet_hooks, small_corpus, small_loader, small_model, small_training, weights

ROWS = np.array([0, 1, 2, 10, 12])
SGD = SgdSettings(learning_rate=0.1, momentum=0.0, nesterov=False)
CNN = {"kind": "cnn", "channels": [4], "pooling": {"kind": "max", "size": [2, 1]}}
LAYERS: list[dict[str, Any]] = [CNN, {"kind": "mlp", "hidden": [5]}, {"kind": "rnn", "hidden": 3}]
PLACES = ["encoder.signal.0", "encoder.signal.1", "encoder.signal.2"]


def model_of(layers: list[dict[str, Any]] = LAYERS) -> Model:
    return small_model(small_corpus(), layers)


def begin(settings: LayerWiseSettings | None = None, layers: list[dict[str, Any]] = LAYERS, **options: Any) -> Training:
    given = settings or LayerWiseSettings(epochs=1)
    return small_training(model_of(layers), procedure=LayerWise(given, given.optimizer or SGD), **options)


def batch(lengths: tuple[int, ...] = (12,), rows: np.ndarray = ROWS) -> Batch:
    return small_loader(small_corpus(), lengths=lengths).draw(rows, epoch=0, training=True)


def moved(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> set[str]:
    return {name for name in before if not torch.equal(before[name], after[name])}


@pytest.mark.parametrize("number", [0, 1, 2])
def test_one_layer_moves_at_a_time_and_no_decoder_is_in_the_model(number: int) -> None:
    training = begin()
    training.position.epoch = number
    before = weights(training.model)
    take_step(training, batch())
    changed = moved(before, weights(training.model))
    assert changed
    assert all(name.startswith(f"network.encoders.signal.{number}.") for name in changed)
    assert list(training.sums) == [PLACES[number]]
    assert training.position.steps_before == 1
    assert training.model.network.training


def test_the_loss_is_what_a_layer_and_its_decoder_lose_of_a_row() -> None:
    training = begin(layers=[{"kind": "mlp", "hidden": [2], "activation": "none"}])
    network: Any = training.model.network
    decoder = training.procedure.decoders.of("encoder/signal/0").frames  # type: ignore[attr-defined]
    layer, drawn = network.encoders.of("signal")[0], batch((12, 7))
    entering = training.model.scale(drawn, torch.device("cpu"))["signal"]
    with torch.no_grad():
        restored = decoder(layer(entering).values.transpose(1, 2).flatten(2))
        expected = squared_error(restored, as_frames(entering).values, entering.lengths)
    take_step(training, drawn)
    assert training.sums[PLACES[0]].item() == pytest.approx(expected.sum().item(), rel=1e-6)
    assert training.counts[PLACES[0]] == len(ROWS)


def test_what_comes_in_is_restored() -> None:
    """Three values through a code of three: the linear autoencoder loses nothing in the end."""
    settings = LayerWiseSettings(epochs=150, optimizer=AdamSettings(learning_rate=0.03))
    training = begin(settings, [{"kind": "mlp", "hidden": [3], "activation": "none"}], epochs=0)
    losses = []

    def keep(record: dict[str, Any], best: bool) -> None:
        losses.append(record["loss"][PLACES[0]])
        assert record["dev"] == record["train"] == {}

    train(training, quiet_hooks(small_loader(small_corpus()), [ROWS], end_epoch=keep))
    assert len(losses) == 150
    assert losses[-1] < 0.02 * losses[0]


def test_noise_is_zeros_in_what_enters_alone() -> None:
    clean, noisy = begin(), begin(LayerWiseSettings(epochs=1, noise=0.5))
    take_step(clean, batch())
    take_step(noisy, batch())
    assert noisy.sums[PLACES[0]] != clean.sums[PLACES[0]]
    again = begin(LayerWiseSettings(epochs=1, noise=0.5))
    take_step(again, batch())
    assert again.sums[PLACES[0]] == noisy.sums[PLACES[0]]


def test_fixed_layers_count_nothing() -> None:
    training = begin()
    training.position.epoch = 1
    before = weights(training.model)
    take_step(training, batch())
    statistics = {name for name in before if "running" in name or "num_batches" in name}
    assert statistics
    assert not moved(before, weights(training.model)) & statistics


def test_micro_batches_change_nothing() -> None:
    layers: list[dict[str, Any]] = [{"kind": "rnn", "hidden": 4}, {"kind": "mlp", "hidden": [3]}]
    for number in range(2):
        whole, parts = begin(layers=layers), begin(layers=layers, micro_batches=3)
        for training in (whole, parts):
            training.position.epoch = number
            take_step(training, batch((12, 7, 9)))
        torch.testing.assert_close(weights(parts.model), weights(whole.model))
        torch.testing.assert_close(parts.sums, whole.sums)


def test_the_joint_updates_follow_as_if_nothing_had_been() -> None:
    """From the weights that pre-training leaves, with the schedule at its start."""
    schedule = build_schedule(OneCycleSettings(), total_steps=2, steps_per_epoch=1, learning_rate=0.1)
    training = begin(epochs=2, schedule=schedule)
    assert (training.epochs_before, training.epochs) == (3, 5)
    for _ in range(3):
        take_step(training, batch())
        training.position.epoch, training.position.step = training.position.epoch + 1, 0
    training.sums, training.counts = {}, {}
    plain = small_training(model_of(), epochs=2, schedule=schedule)
    plain.model.load_state_dict(weights(training.model))
    plain.position.epoch = 3
    for each in (training, plain):
        take_step(each, batch())
    assert not moved(weights(plain.model), weights(training.model))
    assert training.sums == plain.sums
    assert training.optimizer.param_groups[0]["lr"] == plain.optimizer.param_groups[0]["lr"]


def test_a_teacher_in_the_loop_is_asked_once_tasks_are_learned() -> None:
    asked: list[int] = []

    def ask(own: Batch, vary: Vary) -> Column:
        asked.append(training.position.epoch)
        return Column(torch.zeros(own.size, 1))

    training = begin(teaching={"digit": Teaching(0.5, 2.0, ask)})
    for epoch in range(4):
        training.position.epoch = epoch
        take_step(training, batch(rows=ROWS[:3]))
    assert asked == [3], "three layers come first, which learn no task"


def test_a_batch_without_a_layers_input_is_no_step() -> None:
    decoder = Decoder(MapShape(1, None, 4), MapShape(8, None, 2), 3)
    assert decoder(torch.zeros(2, 8, 5, 2)).shape == (2, 15, 4)


def test_stages_are_encoders_side_by_side_and_then_the_trunk() -> None:
    settings = ModelSettings.model_validate(
        {
            "encoder": {"mel": [{"kind": "cnn", "channels": [2]}, {"kind": "rnn", "hidden": 2}], "wave": ["mlp"]},
            "trunk": [{"kind": "pool"}, {"kind": "mlp", "hidden": [2]}],
            "heads": {"sound": {"from": "trunk.0"}},
        }
    )
    inputs = {"mel": MapShape(1, 20, 8), "wave": MapShape(1, 20, 1)}
    network = build_network(settings, inputs, {"sound": 2, "other": 2})
    assert stages_of(network) == (("encoder.mel.0", "encoder.wave.0"), ("encoder.mel.1",), ("trunk.1",))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sharing": "soft"}, "layer_wise pre-trains built layers that all tasks share; use sharing: hard"),
        ({"encoder": ["pool"]}, "there is no layer to pre-train"),
    ],
)
def test_what_cannot_be_pre_trained_is_refused(settings: dict[str, Any], message: str) -> None:
    network = build_network(ModelSettings.model_validate(settings), {"mel": MapShape(1, 20, 8)}, {"sound": 2, "b": 2})
    with pytest.raises(ConfigError, match=message):
        stages_of(network)


def test_padded_rows_lose_what_they_lose_alone() -> None:
    layers = [CNN | {"normalisation": "none"}]
    together = begin(layers=layers)
    take_step(together, batch((12, 9)))
    alone = [begin(layers=layers) for _ in ROWS]
    for training, row in zip(alone, ROWS, strict=True):
        take_step(training, batch((12, 9), np.array([row])))
    total = sum(training.sums[PLACES[0]] for training in alone)
    torch.testing.assert_close(together.sums[PLACES[0]], total)


def test_descending_needs_no_procedure() -> None:
    training = small_training(model_of())
    descend(training, batch())
    assert training.epochs_before == 0
