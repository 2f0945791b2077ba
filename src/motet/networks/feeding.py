"""Heads that see what other heads predict: `model.heads.TASK.inputs_from`.

What a task is predicted to be (probabilities; of numbers the outputs) stands behind the features of the heads that it
feeds. In training the labels may stand there instead, where a row has one.

Axes: B rows, T frames, D features, K outputs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

import torch
from torch import Tensor

from motet.config.wording import did_you_mean
from motet.data.batch import Column
from motet.errors import ConfigError
from motet.networks.settings import HeadSettings, ModelSettings
from motet.networks.sharing_settings import HardSettings, MmoeSettings, PleSettings


@dataclass(slots=True)
class Feeding:
    """Which heads feed which.

    Parameters
    ----------
    sources
        By task that is fed, the tasks that feed it.
    order
        All tasks, each after those that feed it.
    heads
        Settings of the tasks that are fed.
    views
        What others see of the raw outputs of a task [..., K]; the outputs themselves where nothing is said.
    """

    sources: Mapping[str, Sequence[str]]
    order: Sequence[str]
    heads: Mapping[str, HeadSettings]
    views: Mapping[str, Callable[[Tensor], Tensor]] = field(default_factory=dict)

    @property
    def feeding(self) -> frozenset[str]:
        """The tasks that feed others."""
        return frozenset(source for sources in self.sources.values() for source in sources)

    def needed(self, tasks: Sequence[str]) -> list[str]:
        """Return tasks and all that feed them, directly or not, each after those that feed it."""
        wanted = set(tasks)
        for task in reversed(self.order):
            if task in wanted:
                wanted |= set(self.sources.get(task, ()))
        return [task for task in self.order if task in wanted]

    def extended(
        self,
        task: str,
        features: Tensor,
        outputs: Mapping[str, Tensor],
        given: Mapping[str, Column],
        lengths: Tensor | None,
    ) -> Tensor:
        """Return features [B, D] or [B, T, D] with what feeds the task behind them.

        Parameters
        ----------
        outputs
            Raw outputs of the tasks before, [B, K] or [B, T, K].
        given
            What heads see of the labels of some rows, by task; those of the other rows are predicted.
        lengths
            Valid frames [B] of outputs over time; None for all.
        """
        parts = [features]
        for source in self.sources.get(task, ()):
            seen = self._seen(task, source, outputs[source], given)
            if seen.dim() > features.dim():
                seen = _mean_over_time(seen, lengths)
            elif seen.dim() < features.dim():
                seen = seen[:, None].expand(-1, features.shape[1], -1)
            parts.append(seen.to(features.dtype))
        return torch.cat(parts, dim=-1)

    def _seen(self, task: str, source: str, outputs: Tensor, given: Mapping[str, Column]) -> Tensor:
        settings = self.heads[task]
        seen = self.views[source](outputs) if source in self.views else outputs
        if settings.inputs_detached:
            seen = seen.detach()
        label = given.get(source) if settings.inputs_are == "labels" else None
        if label is None or label.values.shape[1:] != seen.shape[1:]:
            return seen
        values = label.values.to(seen.dtype)
        return values if label.rows is None else seen.index_copy(0, label.rows, values)


def feeding_of(settings: ModelSettings, outputs: Mapping[str, int]) -> Feeding | None:
    """Return which heads feed which; None where none does.

    Raises
    ------
    ConfigError
        If a head is fed by a task that there is not, by itself through others, or where tasks do not share what
        stands before the heads.
    """
    heads = {task: settings.heads[task] for task in outputs if task in settings.heads}
    fed = {task: head for task, head in heads.items() if head.inputs_from}
    if not fed:
        return None
    problems = [
        f"model.heads.{task}.inputs_from: there is no task {source!r}{did_you_mean(source, outputs)}; tasks are "
        f"{', '.join(outputs)}"
        for task, head in fed.items()
        for source in head.inputs_from
        if source not in outputs
    ]
    if not isinstance(settings.sharing, HardSettings | MmoeSettings | PleSettings):
        problems.append(
            f"model.sharing: is {settings.sharing.kind}, in which tasks have layers of their own, but "
            f"model.heads.{next(iter(fed))}.inputs_from wants heads side by side; choose hard, mmoe or ple"
        )
    away = [task for task, head in heads.items() if head.leaves is not None or head.layers]
    for task in away:
        if task in fed or any(task in head.inputs_from for head in fed.values()):
            problems.append(
                f"model.heads.{task}: leaves the shared layers, so it can neither be fed nor feed; remove `from` and "
                "`layers`, or inputs_from"
            )
    if problems:
        raise ConfigError(*problems)
    sources = {task: head.inputs_from for task, head in fed.items()}
    try:
        order = tuple(TopologicalSorter({task: sources.get(task, ()) for task in outputs}).static_order())
    except CycleError as error:
        circle = " from ".join(reversed(error.args[1]))
        raise ConfigError(f"model.heads.inputs_from: a head would see itself: {circle}; remove one of these") from None
    return Feeding(sources, order, fed)


def extra_size(feeding: Feeding | None, task: str, outputs: Mapping[str, int]) -> int:
    """Return how many values stand behind the features of a task's head."""
    return 0 if feeding is None else sum(int(outputs[source]) for source in feeding.sources.get(task, ()))


def _mean_over_time(values: Tensor, lengths: Tensor | None) -> Tensor:
    if lengths is None:
        return values.mean(dim=1)
    valid = (torch.arange(values.shape[1], device=values.device) < lengths[:, None])[:, :, None]
    return (values * valid).sum(dim=1) / lengths[:, None].clamp(min=1)
