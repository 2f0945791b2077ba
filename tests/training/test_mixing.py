from typing import Any

import pytest
import torch
from torch import Tensor

from motet.data.batch import Batch, Column, Mix
from motet.features.augment import TimeMask
from motet.features.settings import TimeMaskSettings
from motet.networks.output import Seen
from motet.training.mixing import Partner, Prepared, augment, micro_batches, prepare, row_losses
from tests.training.small import small_corpus, small_model

CPU = torch.device("cpu")


def column(values: Any, rows: list[int] | None = None, lengths: list[int] | None = None) -> Column:
    return Column(
        torch.as_tensor(values),
        None if rows is None else torch.tensor(rows),
        None if lengths is None else torch.tensor(lengths),
    )


def batch(mix: Mix | None = None) -> Batch:
    """Four rows; the input "b" is there for rows 1 and 3, the task "t" for rows 0, 1 and 3."""
    inputs = {"a": column(torch.arange(8.0).reshape(4, 1, 2, 1)), "b": column(torch.ones(2, 1, 2, 1), [1, 3])}
    targets = {"t": column([5, 6, 7], [0, 1, 3]), "all": column([0.0, 1.0, 2.0, 3.0])}
    return Batch(4, inputs, targets, torch.arange(4), {"t": 3, "all": 4}, mix)


def mixed(partner: list[int], weight: list[float]) -> Prepared:
    drawn = batch(Mix(torch.tensor(partner), torch.tensor(weight)))
    return prepare(drawn.inputs, drawn, CPU)


def test_without_mixup_nothing_changes() -> None:
    drawn = batch()
    ready = prepare(drawn.inputs, drawn, CPU)
    assert ready.inputs["a"].values is drawn.inputs["a"].values
    assert ready.partners == {}
    assert ready.rows["all"] is None
    rows = ready.rows["t"]
    assert rows is not None
    assert rows.tolist() == [0, 1, 3]


def test_inputs_are_mixed_in_proportion() -> None:
    ready = mixed([1, 0, 2, 3], [0.75, 0.5, 1.0, 1.0])
    assert ready.inputs["a"].values.flatten().tolist() == [0.5, 1.5, 1.0, 2.0, 4.0, 5.0, 6.0, 7.0]


def test_targets_stay_and_know_their_partners() -> None:
    partner = mixed([1, 0, 2, 3], [0.75, 0.5, 1.0, 1.0]).partners["t"]
    assert partner.column.values.tolist() == [6, 5, 7]
    assert partner.weight.tolist() == [0.75, 0.5, 1.0]


def test_a_partner_without_target_or_input_does_not_count() -> None:
    ready = mixed([2, 3, 0, 1], [0.5, 0.5, 0.5, 0.5])
    assert ready.partners["t"].weight.tolist() == [1.0, 0.5, 0.5], "row 2, the partner of row 0, has no target"
    assert ready.partners["t"].column.values.tolist()[1:] == [7, 6]
    apart = mixed([1, 0, 3, 2], [0.5, 0.5, 0.5, 0.5])
    assert torch.equal(apart.inputs["b"].values, torch.ones(2, 1, 2, 1)), "rows 0 and 2 lack the input"


def test_mixed_rows_are_as_long_as_the_longer_one() -> None:
    drawn = Batch(
        2, {"a": column([[[[1.0], [0.0]]], [[[2.0], [4.0]]]], None, [1, 2])}, {}, torch.arange(2), {},
        Mix(torch.tensor([1, 0]), torch.tensor([0.5, 1.0])),
    )  # fmt: skip
    ready = prepare(drawn.inputs, drawn, CPU).inputs["a"]
    assert ready.lengths is not None
    assert ready.lengths.tolist() == [2, 2]
    assert ready.values.flatten().tolist() == [1.5, 2.0, 2.0, 4.0]


def test_mixup_of_cross_entropy_is_cross_entropy_of_mixed_targets() -> None:
    """The closed form of Zhang et al. 2018: against w * onehot(own) + (1 - w) * onehot(partner)."""
    model = small_model(small_corpus())
    logits, own, other = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2]), torch.tensor([1, 1, 0, 2, 0, 2])
    weight = torch.tensor([0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    prepared = Prepared({}, {"word": Column(own)}, {"word": Partner(Column(other), weight)})
    found = row_losses(model.tasks, {"word": Column(logits)}, prepared)["word"]
    onehot = torch.nn.functional.one_hot
    soft = weight[:, None] * onehot(own, 3) + (1 - weight[:, None]) * onehot(other, 3)
    assert found.tolist() == pytest.approx((-(soft * logits.log_softmax(1)).sum(1)).tolist())


def test_mixup_of_squared_error_weighs_both_errors() -> None:
    model = small_model(small_corpus())
    predictions, own, other = torch.randn(4, 1), torch.rand(4, 1), torch.rand(4, 1)
    weight = torch.tensor([0.5, 0.7, 0.9, 1.0])
    prepared = Prepared({}, {"level": Column(own)}, {"level": Partner(Column(other), weight)})
    loss = model.tasks["level"].loss
    expected = weight * loss(predictions, own) + (1 - weight) * loss(predictions, other)
    assert torch.equal(row_losses(model.tasks, {"level": Column(predictions)}, prepared)["level"], expected)


@pytest.mark.parametrize("parts", [1, 2, 3, 4])
def test_micro_batches_hold_every_row_once_and_in_order(parts: int) -> None:
    ready = mixed([1, 0, 2, 3], [0.75, 0.5, 1.0, 1.0])
    cut = micro_batches(ready, 4, parts)
    assert len(cut) == parts
    assert torch.equal(torch.cat([part.inputs["a"].values for part in cut]), ready.inputs["a"].values)
    with_target = [part for part in cut if "t" in part.targets]
    assert torch.cat([part.targets["t"].values for part in with_target]).tolist() == [5, 6, 7]
    assert torch.cat([part.partners["t"].column.values for part in with_target]).tolist() == [6, 5, 7]
    assert torch.cat([part.partners["t"].weight for part in with_target]).tolist() == [0.75, 0.5, 1.0]
    first, places = 0, []
    for part in cut:
        size = len(part.inputs["a"].values)
        if "t" in part.targets:
            rows = part.targets["t"].rows
            assert rows is not None
            places += [first + row for row in rows.tolist()]
        first += size
    assert (places if parts > 1 else [0, 1, 3]) == [0, 1, 3]


def test_a_micro_batch_without_target_or_input_has_none() -> None:
    third = micro_batches(prepare(batch().inputs, batch(), CPU), 4, 4)[2]
    assert set(third.targets) == {"all"}
    assert set(third.inputs) == {"a"}


class Plus:
    """Adds the draw to a row."""

    num_draws = 1

    def __call__(self, values: Tensor, lengths: Tensor | None, uniforms: Tensor) -> Tensor:
        return values + uniforms[:, :1, None, None]


def test_augmentation_is_keyed_by_row_epoch_place_and_input() -> None:
    def changes(row_ids: list[int], epoch: int = 0) -> dict[str, list[float]]:
        zeros = {name: column(torch.zeros(len(row_ids), 1, 1, 1)) for name in "ab"}
        found = augment(zeros, [Plus(), Plus()], seed=1, epoch=epoch, row_ids=torch.tensor(row_ids))
        return {name: own.values.flatten().tolist() for name, own in found.items()}

    first = changes([3, 9])
    assert changes([9])["a"] == first["a"][1:]
    assert first["a"] != first["b"]
    assert changes([3, 9], epoch=1)["a"] != first["a"]


def test_what_a_parallel_network_sees_is_changed_as_the_input_is() -> None:
    masks = [TimeMask(TimeMaskSettings(masks=1))]
    ones = torch.ones(4, 1, 50, 1)
    inputs = {"a": column(ones), "domain.a": column(2 * ones), "b": column(ones)}
    found = augment(inputs, masks, seed=1, epoch=0, row_ids=torch.arange(4))
    assert torch.equal(2 * found["a"].values, found["domain.a"].values)
    assert not torch.equal(found["a"].values, found["b"].values)


def test_augmentation_of_an_input_that_some_rows_lack_is_keyed_by_its_own_rows() -> None:
    row_ids = torch.tensor([10, 11, 12])
    some = augment({"a": column(torch.zeros(2, 1, 1, 1), [0, 2])}, [Plus()], seed=1, epoch=0, row_ids=row_ids)
    every = augment({"a": column(torch.zeros(3, 1, 1, 1))}, [Plus()], seed=1, epoch=0, row_ids=row_ids)
    assert torch.equal(some["a"].values, every["a"].values[[0, 2]])


@pytest.mark.parametrize(
    ("seen", "count"),
    [
        (Seen(), 6),
        (Seen(input="mel"), 4),
        (Seen(input="other"), 6),
        (Seen(task="sound"), 3),
        (Seen(task="level"), 6),
        (Seen("mel", "sound"), 2),
        (Seen("mel", "level"), 4),
        (Seen("other", "sound"), 3),
    ],
)
def test_rows_are_counted_that_have_an_input_and_are_of_a_task(seen: Seen, count: int) -> None:
    inputs = {"mel": column(torch.zeros(4), [0, 1, 2, 3]), "other": column(torch.zeros(6))}
    targets = {"sound": column(torch.zeros(2), [1, 5]), "level": column(torch.zeros(6))}
    prepared = Prepared(inputs, targets, {}, {"sound": column(torch.zeros(2), [2, 5])})
    assert prepared.count(seen, 6) == count
