from collections.abc import Callable

from motet.experiment.progress import EpochProgress, no_progress


class Bars:
    """Remembers the bars that were begun and how far each came."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, int]] = []
        self.done: list[int] = []

    def __call__(self, what: str, total: int) -> Callable[[int], None]:
        self.begun.append((what, total))
        self.done.append(0)

        def count(number: int) -> None:
            self.done[-1] += number

        return count


def test_a_bar_for_each_epoch_with_what_the_fold_still_takes() -> None:
    bars, times = Bars(), iter([0.0, 30.0, 70.0])
    epochs = EpochProgress(bars, "fold 2", 4, clock=lambda: next(times))
    for epoch in range(3):
        epochs.begin(epoch, 5)
        for _ in range(5):
            epochs.step()
    assert bars.begun == [
        ("fold 2, epoch 1/4", 5),
        ("fold 2 (1 min 30 s to go), epoch 2/4", 5),
        ("fold 2 (1 min 10 s to go), epoch 3/4", 5),
    ]
    assert bars.done == [5, 5, 5]


def test_a_resumed_fold_measures_only_what_it_saw() -> None:
    bars, times = Bars(), iter([100.0, 110.0])
    epochs = EpochProgress(bars, "fold 1", 10, clock=lambda: next(times))
    epochs.begin(7, 2)
    epochs.begin(8, 5)
    assert bars.begun == [("fold 1, epoch 8/10", 2), ("fold 1 (20 s to go), epoch 9/10", 5)]


def test_no_progress_takes_every_count() -> None:
    no_progress("anything", 3)(7)
