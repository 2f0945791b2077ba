"""What prediction relies on of a model: rows on their own, padding that counts nowhere, the same again when loaded.

Maps are random, of the shapes that the model was built for. Axes: n rows, C channel, T time, F bin, K outputs.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from motet import tensor_file
from motet.config import Context, Settings, required, validate
from motet.data.batch import Batch, Column
from motet.model import Model, input_shapes
from motet.networks.build import AnyNetwork, build_network
from motet.networks.settings import ModelSettings
from motet.networks.shape import MapShape
from motet.testing.findings import Findings, several

_ROWS = 5
_FREE_FRAMES = 48
_TOLERANCE = 1e-4  # of the largest output: what float32 sums may differ by in another order

Maps = Mapping[str, Column]
Outputs = dict[str, Tensor]


class _Subject(Settings):
    model: ModelSettings = required("What is checked.")


@dataclass(frozen=True, slots=True, eq=False)
class _Checked:
    """What is looked at: a module, how maps go through it, the shapes of these, and how it is saved and loaded."""

    module: nn.Module
    network: AnyNetwork
    forward: Callable[[Maps], Outputs]
    shapes: Mapping[str, MapShape]
    outputs: Mapping[str, int]
    again: Callable[[], Callable[[Maps], Outputs]]


def check_model(
    model: Any,
    *,
    inputs: Mapping[str, MapShape] | None = None,
    outputs: Mapping[str, int] | None = None,
    allow_code: bool = True,
) -> None:
    """Check that a model, or a network alone, does what prediction relies on.

    Parameters
    ----------
    model
        A `motet.Model`, its file, or what may stand behind `model`: settings with layers or a network of your own.
    inputs, outputs
        Of a network alone: the shapes of its inputs, by default `{"signal": MapShape(1, None, 16)}` (rows of any
        length), and the outputs of its tasks, by default `{"task": 3}`.
    allow_code
        Whether classes that are named as `./mine.py:Name` may be run.

    Raises
    ------
    ContractError
        With every mistake and its remedy.
    ConfigError, DataError
        If it cannot be built or read.

    Examples
    --------
    >>> check_model({"encoder": [{"kind": "cnn", "channels": [4, 8]}]})
    """
    if isinstance(model, Path | str):
        model = Model.load(model, allow_code=allow_code)
    if isinstance(model, Model):
        for name in model.document.data_sets:
            _check(f"model, data set {name!r}", _of_model(model, name))
        return
    settings = validate(_Subject, {"model": model}, Context(allow_code=allow_code, check_files=True)).model
    shapes = inputs or {"signal": MapShape(1, None, 16)}
    _check("network", _of_network(settings, shapes, outputs or {"task": 3}))


def _check(name: str, checked: _Checked) -> None:
    maps = _maps(checked)
    with Findings(name) as found, _evaluating(checked.module), torch.inference_mode():
        whole: Outputs = {}
        with found.attempt("predicting"):
            before = {key: column.values.clone() for key, column in maps.items()}
            whole = checked.forward(maps)
            changed = [key for key, column in maps.items() if not torch.equal(column.values, before[key])]
            found.expect(not changed, f"changes its input {several(changed)}: work on a copy")
        if not whole:
            return
        _check_outputs(found, checked, maps, whole)
        _check_rows(found, checked, maps, whole)
        if getattr(checked.network, "takes_lengths", True) and None in {s.frames for s in checked.shapes.values()}:
            _check_padding(found, checked, maps)
        with found.attempt("saving and loading"):
            loaded = checked.again()(maps)
            lost = [task for task in whole if not torch.equal(whole[task], loaded[task])]
            found.expect(
                not lost,
                f"predicts {several(lost)} otherwise after it was saved and loaded: keep all that is learnt in "
                "parameters and buffers, and draw nothing at random in a constructor that is not one of them",
            )
        with torch.inference_mode(mode=False), found.attempt("the gradient"):
            _check_gradient(found, checked, maps)


def _check_outputs(found: Findings, checked: _Checked, maps: Maps, whole: Outputs) -> None:
    for task, size in checked.outputs.items():
        values = whole[task]
        found.expect(
            tuple(values.shape) == (_ROWS, size) and bool(torch.isfinite(values).all()),
            f"returns {list(values.shape)} for task {task!r}, or values that are not finite: raw outputs are "
            f"[n, K], here [{_ROWS}, {size}]",
        )
    with found.attempt("predicting again"):
        second = checked.forward(maps)
        found.expect(
            all(torch.equal(whole[task], second[task]) for task in whole),
            "predicts otherwise when called again in evaluation: draw nothing at random and count nothing unless "
            "self.training",
        )


def _check_rows(found: Findings, checked: _Checked, maps: Maps, whole: Outputs) -> None:
    """Predict rows alone and in another order."""
    with found.attempt("predicting a row alone"):
        alone = [checked.forward(_rows(maps, [row])) for row in range(_ROWS)]
        _compare(
            found,
            whole,
            {task: torch.cat([one[task] for one in alone]) for task in whole},
            "a row is predicted otherwise alone than in a batch: nothing may go from row to row in evaluation (batch "
            "statistics, sums over the first axis)",
        )
    with found.attempt("predicting rows in another order"):
        order = list(reversed(range(_ROWS)))
        other = checked.forward(_rows(maps, order))
        _compare(
            found,
            {task: whole[task][order] for task in whole},
            other,
            "the prediction of a row depends on its place in the batch: treat all rows alike",
        )


def _check_padding(found: Findings, checked: _Checked, maps: Maps) -> None:
    """Predict short rows padded to the length of a long one, and alone."""
    with found.attempt("predicting padded rows"):
        padded = {
            name: _padded(column) if checked.shapes[name].frames is None else column for name, column in maps.items()
        }
        together = checked.forward(padded)
        alone = [checked.forward(_unpadded(padded, row)) for row in range(_ROWS)]
        _compare(
            found,
            together,
            {task: torch.cat([one[task] for one in alone]) for task in together},
            "a padded row is predicted otherwise than the same row alone: look at valid frames only (`lengths`), and "
            "set what lies beyond to zero after every layer that fills it",
        )


def _check_gradient(found: Findings, checked: _Checked, maps: Maps) -> None:
    plain = {name: Column(column.values.clone(), None, None, column.grid) for name, column in maps.items()}
    sum(values.square().sum() for values in checked.forward(plain).values()).backward()  # type: ignore[union-attr]
    unused = [
        name for name, weight in checked.network.named_parameters() if weight.requires_grad and weight.grad is None
    ]
    checked.module.zero_grad(set_to_none=True)
    found.expect(
        not unused,
        f"no gradient reaches {several(unused)}: use these parameters in forward without detaching, freeze them "
        "(requires_grad = False), or remove them",
    )


def _compare(found: Findings, one: Outputs, other: Outputs, problem: str) -> None:
    for task, values in one.items():
        apart = float((values - other[task]).abs().max())
        scale = max(1e-6, float(values.abs().max()))
        found.expect(apart <= _TOLERANCE * scale, f"task {task!r}: {problem} (apart by {apart:.3g} of {scale:.3g})")


def _of_model(model: Model, data_set: str) -> _Checked:
    tasks = model.document.data_sets[data_set].tasks
    names = model.read_inputs(data_set)
    return _Checked(
        model,
        model.network,
        lambda maps: _through(model, data_set, maps),
        {name: shape for name, shape in input_shapes(model.document).items() if name in names},
        {task: model.tasks[task].output_size for task in tasks},
        lambda: _reloaded(model, data_set),
    )


def _through(model: Model, data_set: str, maps: Maps) -> Outputs:
    size = len(next(iter(maps.values())).values)
    batch = Batch(size, dict(maps), {}, torch.arange(size), {}, spans=((data_set, 0, size),))
    device = next(iter(model.state_dict().values())).device
    rows = dict.fromkeys(model.document.data_sets[data_set].tasks)
    found = model.network(model.scale(batch, device), rows).predictions
    return {task: _of_rows(column).cpu() for task, column in found.items()}


def _of_rows(column: Column) -> Tensor:
    """Return one line a row [n, K]: of a prediction for every frame, the mean over the row's valid frames."""
    values = column.values
    if values.dim() != 3:
        return values
    frames = torch.arange(values.shape[1], device=values.device)
    lengths = torch.full((len(values),), values.shape[1]) if column.lengths is None else column.lengths
    valid = (frames < lengths.to(values.device)[:, None])[..., None]
    return (values * valid).sum(1) / valid.sum(1)


def _reloaded(model: Model, data_set: str) -> Callable[[Maps], Outputs]:
    with torch.inference_mode(mode=False):
        tensors, document = model.to_tensors()
        again = Model.from_tensors(
            tensors, {"model": document}, Path("model"), allow_code=True, experiment=model.document
        )
    again.eval()
    return lambda maps: _through(again, data_set, maps)


def _of_network(settings: ModelSettings, shapes: Mapping[str, MapShape], outputs: Mapping[str, int]) -> _Checked:
    network = build_network(settings, shapes, outputs)

    def forward(of: AnyNetwork) -> Callable[[Maps], Outputs]:
        rows: dict[str, Tensor | None] = dict.fromkeys(outputs)
        return lambda maps: {task: _of_rows(column) for task, column in of(maps, rows).predictions.items()}

    def again() -> Callable[[Maps], Outputs]:
        with torch.inference_mode(mode=False), tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "network"
            tensor_file.write(path, dict(network.state_dict()), {})
            other = build_network(settings, shapes, outputs)
            other.load_state_dict(dict(tensor_file.read(path)[0]))
        other.eval()
        return forward(other)

    return _Checked(network, network, forward(network), shapes, outputs, again)


def _maps(checked: _Checked) -> dict[str, Column]:
    """Return random maps of the model's own shapes."""
    generator = torch.Generator().manual_seed(0)
    return {
        name: Column(torch.randn(_ROWS, shape.channels, _frames(shape, checked, name), shape.bins, generator=generator))
        for name, shape in checked.shapes.items()
    }


def _frames(shape: MapShape, checked: _Checked, name: str) -> int:
    return shape.frames or checked.network.min_frames[name] + _FREE_FRAMES


def _rows(maps: Maps, rows: list[int]) -> dict[str, Column]:
    return {name: Column(column.values[rows]) for name, column in maps.items()}


def _padded(column: Column) -> Column:
    """Return the rows with less and less of each, and zeros behind."""
    lengths = column.values.shape[2] - 5 * torch.arange(_ROWS)
    values = column.values.clone()
    for row, length in enumerate(lengths.tolist()):
        values[row, :, length:] = 0.0
    return Column(values, None, lengths)


def _unpadded(maps: Maps, row: int) -> dict[str, Column]:
    found = {}
    for name, column in maps.items():
        own = None if column.lengths is None else column.lengths[row : row + 1]
        length = column.values.shape[2] if own is None else int(own)
        found[name] = Column(column.values[row : row + 1, :, :length], None, own)
    return found


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(training)
