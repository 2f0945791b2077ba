"""Maps as targets: from which input a map is made, how long it is, and which maps a network cannot give.

An input that no encoder is named after is a target only: the network never sees it. Axes: T frames, K = C*F values.
"""

from collections.abc import Collection, Iterator, Mapping

import torch
from torch import Tensor

from motet.config.wording import did_you_mean
from motet.data.batch import Column
from motet.errors import ConfigError
from motet.networks.output import Inputs
from motet.networks.settings import HeadSettings, MaskSettings, ModelSettings
from motet.networks.shape import MapShape
from motet.tasks.task import MapOutput

Shapes = Mapping[str, MapShape]


def given_input(output: MapOutput, shapes: Shapes, read: Collection[str]) -> str | None:
    """Return the input that a map is made from; None where several could be meant.

    Parameters
    ----------
    output
        The map that is wanted.
    shapes
        All inputs.
    read
        Those that the network reads.

    Examples
    --------
    >>> shapes = {"low": MapShape(1, None, 1), "mel": MapShape(1, None, 40), "high": MapShape(1, None, 1)}
    >>> given_input(MapOutput("high"), shapes, ["low", "mel"]), given_input(MapOutput("mel"), shapes, ["low", "mel"])
    ('low', 'mel')
    """
    if output.given is not None or output.of in read:
        return output.given or output.of
    size = shapes[output.of].values_per_frame
    alike = [name for name in read if len(read) == 1 or shapes[name].values_per_frame == size]
    return alike[0] if len(alike) == 1 else None


def check_inputs(settings: ModelSettings, inputs: Shapes, outputs: Mapping[str, int]) -> None:
    """Refuse encoders and maps of inputs that there are not, inputs that nobody wants, and maps that no head can make.

    Raises
    ------
    ConfigError
        With all problems.
    """
    mapped = {task: count for task, count in outputs.items() if isinstance(count, MapOutput)}
    problems = [*_encoders(settings, inputs, {output.of for output in mapped.values()})]
    problems += [problem for task, output in mapped.items() for problem in _unknown(task, output, settings, inputs)]
    if mapped and settings.sharing.kind != "hard":
        problems.append(f"model.sharing: dense tasks ({', '.join(mapped)}) share all layers; use sharing: hard")
    if mapped and any(head.inputs_from for head in settings.heads.values()):
        problems.append(f"model.heads: beside dense tasks ({', '.join(mapped)}) no head is fed; leave out inputs_from")
    own = {task: settings.heads.get(task, HeadSettings()) for task in mapped}
    problems += [
        f"model.heads.{task}: a dense task leaves behind the last shared layer; leave out from and layers"
        for task, head in own.items()
        if head.leaves is not None or head.layers
    ]
    if not problems:
        problems = [
            problem
            for task, output in mapped.items()
            for problem in _unmakable(task, output, own[task], settings, inputs)
        ]
    if problems:
        raise ConfigError(*problems)


def extent(of: str, shape: MapShape, inputs: Inputs, like: str) -> Column:
    """Return the place in time of a map that is to be made, as a column without values [n, T, 0].

    Parameters
    ----------
    of, shape
        The input that the map is to be like, and its shape with its grid.
    like
        An input that the network reads: where `of` did not come in, the map lasts as long as this one does.
    """
    known = inputs.get(of)
    if known is not None:
        return Column(_nothing(known, known.values.shape[2]), known.rows, known.lengths, known.grid)
    seen = inputs[like]
    if shape.frames == 1 or seen.grid is None or shape.grid is None:
        size = shape.frames or seen.values.shape[2]
        return Column(_nothing(seen, size), seen.rows, seen.lengths if size != 1 else None, shape.grid)
    ratio = seen.grid.step_s / shape.grid.step_s
    lengths = None if seen.lengths is None else (seen.lengths * ratio).round().long().clamp(min=1)
    return Column(_nothing(seen, max(1, round(seen.values.shape[2] * ratio))), seen.rows, lengths, shape.grid)


def _nothing(column: Column, size: int) -> Tensor:
    return torch.empty(len(column.values), size, 0, device=column.values.device)


def _encoders(settings: ModelSettings, inputs: Shapes, targets: Collection[str]) -> Iterator[str]:
    """Yield encoders of inputs that there are not, and inputs that have none and are no target either."""
    for name in settings.named_encoders or ():
        if name not in inputs:
            yield (
                f"model.encoder.{name}: there is no input {name!r}{did_you_mean(name, inputs)}; inputs are "
                f"{', '.join(inputs)}"
            )
    for name in inputs:
        if not settings.reads(name) and name not in targets:
            yield f"model.encoder: has no layers for the input {name!r}, and no task has it as its target"


def _unknown(task: str, output: MapOutput, settings: ModelSettings, inputs: Shapes) -> Iterator[str]:
    of, given = output.of, output.given
    if of not in inputs:
        yield (
            f"task {task!r}: its target is the input {of!r}, which the network has not{did_you_mean(of, inputs)}; name "
            f"one of {', '.join(inputs)} in `of`"
        )
    read = [name for name in inputs if settings.reads(name)]
    if given is not None and given not in read:
        yield (
            f"task {task!r}: is given the input {given!r}, which the network does not read{did_you_mean(given, read)}; "
            f"name one of {', '.join(read)} in `given`"
        )


def _unmakable(
    task: str, output: MapOutput, head: HeadSettings, settings: ModelSettings, inputs: Shapes
) -> Iterator[str]:
    """Yield why a decoder cannot make a map from what is given."""
    path, decoder, shape = f"model.heads.{task}.decoder", head.decoder, inputs[output.of]
    given = given_input(output, inputs, [name for name in inputs if settings.reads(name)])
    masks = isinstance(decoder, MaskSettings)
    if not isinstance(decoder, MaskSettings) and not decoder.residual:
        return
    if given is None:
        yield f"{path}: several inputs could be meant; say in the task's `given` which one it is that is changed"
    elif masks and (shape.bins != 1 or inputs[given].bins != 1):
        name, found = (output.of, shape) if shape.bins != 1 else (given, inputs[given])
        yield f"{path}: a mask is that of a waveform, but the input {name!r} is a map {found}; use interpolate"
    elif shape.values_per_frame != inputs[given].values_per_frame:
        yield (
            f"{path}: the input {given!r} has {inputs[given].values_per_frame} values a frame and the target "
            f"{output.of!r} has {shape.values_per_frame}, so one is no change of the other; use interpolate without "
            "residual"
        )
    elif masks and (apart := _rates(inputs[given], shape)):
        yield f"{path}: a mask keeps the rate, but {given!r} and {output.of!r} have {apart}; use subpixel"


def _rates(given: MapShape, shape: MapShape) -> str:
    if given.grid is None or shape.grid is None or abs(given.grid.step_s / shape.grid.step_s - 1) < 1e-6:
        return ""
    return f"{1 / given.grid.step_s:g} and {1 / shape.grid.step_s:g} frames per second"
