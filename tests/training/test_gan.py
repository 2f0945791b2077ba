"""A loss that a second network learns: both updates against plain autograd, and who may not have one."""

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from ruamel.yaml import YAML

from motet.data.batch import Batch, Column
from motet.data.corpus import Corpus
from motet.errors import ConfigError
from motet.experiment.listing import with_own_maps
from motet.model import as_frames
from motet.networks.shape import MapShape
from motet.tasks.classification import Multiclass
from motet.tasks.dense import Dense
from motet.tasks.map_settings import DenseSettings
from motet.tasks.settings import MulticlassSettings
from motet.tasks.task import MapOutput
from motet.training.loop import Training, take_step
from motet.training.optimizer_settings import SgdSettings
from motet.training.procedure_settings import GanSettings
from motet.training.procedures.gan import Discriminator, Gan, build_discriminator
from motet.training.teaching import Teaching
from tests.training.small import BINS, numbers, small_loader, small_model, small_training, weights

ROWS = np.array([0, 1, 2, 5])
GENERATOR: list[dict[str, Any]] = [{"kind": "mlp", "hidden": [6]}]
LAYERS = ({"kind": "mlp", "hidden": [5], "activation": "tanh"},)
SGD = {"kind": "sgd", "learning_rate": 0.2, "momentum": 0.0, "nesterov": False}


def corpus_with_maps(**options: Any) -> Corpus:
    settings = DenseSettings.model_validate(options)
    data_set = with_own_maps(numbers("digits", 8), {"clean": settings})
    tasks = {"clean": Dense(settings, "clean"), "digit": Multiclass(MulticlassSettings(), "digit", ("0", "1"))}
    return Corpus({"digits": data_set}, tasks, {"digits": ("clean", "digit")})


def gan(**options: Any) -> GanSettings:
    given = {"task": "clean", "weight": 0.5, "discriminator": LAYERS, "optimizer": SGD}
    return GanSettings.model_validate({**given, **options})


def begin(settings: GanSettings | None = None, dense: dict[str, Any] | None = None, **options: Any) -> Training:
    model = small_model(corpus_with_maps(**(dense or {})), GENERATOR)
    return small_training(model, procedure=Gan(settings or gan()), **options)


def batch(lengths: tuple[int, ...] = (12,), dense: dict[str, Any] | None = None) -> Batch:
    return small_loader(corpus_with_maps(**(dense or {})), lengths=lengths).draw(ROWS, epoch=0, training=True)


def discriminator_of(training: Training) -> Discriminator:
    procedure: Any = training.procedure
    found: Discriminator = procedure.discriminator
    return found


@pytest.mark.parametrize("loss", ["least_squares", "bce"])
@pytest.mark.parametrize("lengths", [(12,), (12, 7)])
@pytest.mark.parametrize("shift", [0, 2])
def test_both_networks_step_against_each_other(loss: str, lengths: tuple[int, ...], shift: int) -> None:
    """Layers act frame by frame, so a judgement is a plain function of the frames of input and map."""
    dense = {"shift": shift}
    training, expected = begin(gan(loss=loss), dense), begin(gan(loss=loss), dense)
    drawn = batch(lengths, dense)
    take_step(training, drawn)

    model, judge = expected.model, discriminator_of(expected)
    inputs = model.scale(drawn, torch.device("cpu"))
    truth = model.targets(drawn, torch.device("cpu"))
    output = model.network(inputs, dict.fromkeys(model.tasks))
    given = as_frames(inputs["signal"]).values
    valid = torch.ones(4, 12) if inputs["signal"].lengths is None else (
        torch.arange(12) < inputs["signal"].lengths[:, None]
    ).float()  # fmt: skip
    made, true = output.predictions["clean"].values, truth["clean"].values
    if shift:
        made, true, given, valid = made[:, :-shift], true[:, shift:], given[:, :-shift], valid[:, shift:]

    def lost(maps: torch.Tensor, wanted: float) -> torch.Tensor:
        linear: Any = judge.layers[0].layers[0]  # type: ignore[index]
        logits = judge.judge(torch.tanh(linear(torch.cat([given, maps], dim=2))))[:, :, 0]
        if loss == "bce":
            losses = F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, wanted), reduction="none")
        else:
            losses = 0.5 * (logits - wanted) ** 2
        return ((losses * valid).sum(1) / valid.sum(1)).mean()

    of_judge = lost(true, 1.0) + lost(made.detach(), 0.0)
    steps = torch.autograd.grad(of_judge, list(judge.parameters()))
    adversarial = lost(made, 1.0)
    own: Any = sum(
        model.tasks[name].losses(column, truth[name]).mean() for name, column in output.predictions.items()
    )  # fmt: skip
    total: Any = own + 0.5 * adversarial
    total.backward()
    expected.optimizer.step()
    with torch.no_grad():
        for weight, step in zip(judge.parameters(), steps, strict=True):
            weight.sub_(0.2 * step)
    torch.testing.assert_close(weights(training.model), weights(model))
    torch.testing.assert_close(discriminator_of(training).state_dict(), judge.state_dict())
    assert training.sums["clean.adversarial"].item() / 4 == pytest.approx(adversarial.item(), rel=1e-5)
    assert training.sums["clean.discriminator"].item() / 4 == pytest.approx(of_judge.item(), rel=1e-5)
    assert list(training.counts.values()) == [4] * 4


def test_micro_batches_change_nothing() -> None:
    whole, parts = begin(), begin(micro_batches=3)
    for training in (whole, parts):
        take_step(training, batch((12, 7, 9)))
    torch.testing.assert_close(weights(parts.model), weights(whole.model))
    torch.testing.assert_close(discriminator_of(parts).state_dict(), discriminator_of(whole).state_dict())
    torch.testing.assert_close(parts.sums, whole.sums)


@pytest.mark.parametrize("parts", [1, 4])
def test_only_true_maps_are_judged(parts: int) -> None:
    """Of four rows two have a map and all a lesson: the second network steps as for the two alone."""
    drawn = batch()
    clean = drawn.targets["clean"]
    two = Column(clean.values[:2], torch.tensor([0, 1]), None, clean.grid)
    fewer = replace(drawn, targets={"clean": two}, counts={"clean": 4})
    said = torch.zeros(4, 12, BINS)
    training = begin(micro_batches=parts, teaching={"clean": Teaching(0.5, 2.0, lambda own, vary: Column(said))})
    take_step(training, fewer)
    alone = begin()
    take_step(alone, replace(fewer, counts={"clean": 2}))
    torch.testing.assert_close(discriminator_of(training).state_dict(), discriminator_of(alone).state_dict())
    assert training.counts == {"clean": 4, "clean.adversarial": 2, "clean.discriminator": 2}


def test_a_batch_without_the_task_is_a_plain_step() -> None:
    whole = batch()
    digits = Batch(whole.size, whole.inputs, {"digit": whole.targets["digit"]}, whole.row_ids,
                   {"digit": whole.counts["digit"]}, None, whole.spans)  # fmt: skip
    training, plain = begin(), small_training(small_model(corpus_with_maps(), GENERATOR))
    judge = {name: value.clone() for name, value in discriminator_of(training).state_dict().items()}
    for each in (training, plain):
        take_step(each, digits)
    torch.testing.assert_close(weights(training.model), weights(plain.model), rtol=0, atol=0)
    torch.testing.assert_close(discriminator_of(training).state_dict(), judge, rtol=0, atol=0)


def test_a_judge_learns_to_tell_maps_from_noise() -> None:
    """The generator hardly moves, so the second network comes to see what is true."""
    training = begin(gan(optimizer={"kind": "adam", "learning_rate": 0.03}), learning_rate=1e-6)
    drawn = batch()
    told = []
    for _ in range(80):
        take_step(training, drawn)
        told.append(training.sums.pop("clean.discriminator").item() / 4)
        training.counts.pop("clean.discriminator")
    assert told[-1] < 0.5 * told[0]


def test_short_maps_are_filled_up_for_the_judge() -> None:
    settings = gan(discriminator=[{"kind": "cnn", "channels": [2, 3], "pooling": {"kind": "max", "size": [4, 1]}}])
    judge = Discriminator(settings, MapShape(2, None, BINS))
    assert judge.min_frames == 16
    maps = torch.zeros(3, 5, 2 * BINS)
    judged = judge(maps, maps, torch.tensor([5, 4, 5]))
    assert judged.values.shape == (3, 1, 1)
    assert judged.lengths is not None
    assert judged.lengths.tolist() == [1, 1, 1]
    assert math.isfinite(judged.values.sum().item())


@pytest.mark.parametrize(
    ("settings", "outputs", "message"),
    [
        ({"task": "clear"}, {"clean": MapOutput("mel")}, "there is no task 'clear'; tasks are clean"),
        ({"task": "digit"}, {"digit": 3, "clean": MapOutput("mel")}, "'digit' predicts no map.*a dense task: clean"),
        (
            {"discriminator": [{"kind": "cnn", "channels": [2] * 5}]},
            {"clean": MapOutput("mel")},
            r"stage 3 of 5 of training\.procedure\.discriminator\.0 is 2 bins wide",
        ),
    ],
)
def test_what_cannot_be_judged_is_refused(settings: Any, outputs: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_discriminator(gan(**settings), {"mel": MapShape(1, None, 4)}, outputs, read=["mel"])


WAVE = {"wave": MapShape(1, 2000, 1)}


def judged_wave(layers: Any) -> torch.Tensor:
    settings = GanSettings.model_validate({"task": "clean"} | ({"discriminator": layers} if layers else {}))
    judge = build_discriminator(settings, WAVE, {"clean": MapOutput("wave")}, read=["wave"])
    waves = torch.randn(2, 2000, 1)
    found: torch.Tensor = judge(waves, waves, None).values
    return found


def test_what_is_said_of_waveforms_works() -> None:
    """The help, the message and the default with the change that it names."""
    with pytest.raises(ConfigError, match="only 1 bins reach it") as caught:
        judged_wave(None)
    described = GanSettings.model_fields["discriminator"].description or ""
    for text in (str(caught.value), described):
        (shown,) = re.findall(r"\[\{.*\}\]", text)
        assert judged_wave(YAML(typ="safe").load(shown)).shape == (2, 4, 1)
    (default,) = GanSettings(task="clean").discriminator
    assert "or give the cnn dims: 1" in str(caught.value)
    assert judged_wave([default.model_dump() | {"dims": 1}]).shape == (2, 500, 1)


def test_a_map_of_another_shape_than_what_it_is_made_from_is_judged_alone() -> None:
    inputs = {"mel": MapShape(1, None, 4), "wide": MapShape(1, None, 8), "other": MapShape(2, None, 2)}
    found = [
        build_discriminator(gan(), inputs, {"clean": MapOutput(of)}, read=["mel"]) for of in ("mel", "wide", "other")
    ]
    assert [judge.sees_input for judge in found] == [True, False, True]
    assert found[1](torch.zeros(2, 3, 8), None, None).values.shape == (2, 3, 1)
    assert found[2](torch.zeros(2, 3, 4), torch.zeros(2, 3, 4), None).values.shape == (2, 3, 1)


def test_the_rate_follows_the_schedule() -> None:
    class Halved:
        def factor(self, step: int) -> float:
            return 0.5 ** (step + 1)

    training = begin(schedule=Halved())
    procedure: Any = training.procedure
    for expected in (0.1, 0.05):
        take_step(training, batch())
        assert procedure.optimizer.param_groups[0]["lr"] == pytest.approx(expected)


def test_the_settings_of_the_second_optimizer_are_its_own() -> None:
    training = begin(gan(optimizer={"kind": "adam", "learning_rate": 0.03}))
    procedure: Any = training.procedure
    assert isinstance(procedure.optimizer, torch.optim.Adam)
    assert isinstance(gan().optimizer, SgdSettings)
    assert {id(weight) for weight in procedure.parameters()}.isdisjoint(map(id, training.model.parameters()))
