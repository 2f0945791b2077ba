"""Settings of what becomes of a data set's labels and rows between its source and the network.

They act in this order, whatever the order in the file, and each sees what the one before it left:

1. `map`, `merge_labels`, `drop_labels` on the source's targets, in every row;
2. `derive`: new tasks from others;
3. `limit_labels` with `limit_labels_in: all`, then `limit`, on all rows;
4. the split;
5. `limit_labels`, then `balance`, in the training rows of every fold, and in other parts only where asked.

Labels are written as the source writes them; a whole number and its text are the same label.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from motet.config import Many, Name, Settings, Slot, option, required
from motet.tasks.settings import Label, LabelNames


def _keys_as_text(value: object) -> object:
    return {str(key): item for key, item in value.items()} if isinstance(value, Mapping) else value


def _by_task(value: object) -> str:
    if not isinstance(value, Mapping):
        return "<labels>"
    deeper = any(isinstance(item, Mapping | list | tuple) for item in value.values())
    return "<tasks>" if deeper or not value else "<labels>"


def _one_each(names: Mapping[str, str]) -> Mapping[str, str]:
    new = list(names.values())
    twice = [name for name in dict.fromkeys(new) if new.count(name) > 1]
    if twice:
        old = ", ".join(label for label, name in names.items() if name == twice[0])
        raise ValueError(f"{old} would all be called {twice[0]!r}; write that as merge_labels")
    return names


def _told_apart(groups: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    first: dict[str, str] = {}
    for group, labels in groups.items():
        for label in labels:
            if first.setdefault(label, group) != group:
                raise ValueError(f"label {label!r} is in {first[label]!r} and in {group!r}; a label has one group")
    return groups


_Count = Annotated[int, Field(ge=1)]
_Counts = Annotated[dict[str, _Count], BeforeValidator(_keys_as_text), Field(min_length=1)]
_Labels = Annotated[Many[Label], Field(min_length=1)]
LabelGroups = Annotated[
    dict[str, _Labels], BeforeValidator(_keys_as_text), Field(min_length=1), AfterValidator(_told_apart)
]
"""New labels, each with the old ones that it stands for: `{indoor: [office, home], outdoor: [park]}`."""

RenamedLabels = dict[Name, Annotated[LabelNames, AfterValidator(_one_each)]]
MergedLabels = dict[Name, LabelGroups]
DroppedLabels = Annotated[
    Annotated[_Labels, Tag("<labels>")] | Annotated[dict[Name, _Labels], Tag("<tasks>")],
    Discriminator(_by_task),
]
LimitedLabels = Annotated[
    Annotated[_Counts, Tag("<labels>")] | Annotated[dict[Name, _Counts], Tag("<tasks>")],
    Discriminator(_by_task),
]


def _place(value: object) -> str:
    return "<all>" if isinstance(value, str) else "<parts>"


Part = Literal["train", "dev", "test"]
LimitedParts = Annotated[
    Annotated[Literal["all"], Tag("<all>")] | Annotated[Many[Part], Field(min_length=1), Tag("<parts>")],
    Discriminator(_place),
]


class UpSettings(Settings):
    """Rows of rarer labels come again until every label is as frequent as the most frequent one; in training only."""

    kind: Literal["up"] = "up"
    task: Name | None = option(None, "Task whose labels count; needed where the data set has several.")


class DownSettings(Settings):
    """Rows of more frequent labels are left out until every label is as rare as the rarest one."""

    kind: Literal["down"] = "down"
    task: Name | None = option(None, "Task whose labels count; needed where the data set has several.")
    parts: Many[Part] = option(("train",), "Parts of every fold in which rows are left out.", min_length=1)


BalanceSettings = Annotated[UpSettings | DownSettings, Slot("balance")]


class GroupsSettings(Settings):
    """Groups of another task's labels: coarse labels from fine ones, or two labels against each other."""

    kind: Literal["groups"] = "groups"
    of: Name = required("The task whose labels are grouped.")
    labels: LabelGroups = required("The new labels, each with the labels that it stands for.")
    rest: Label | None = option(
        None, "The label of every row that is in no group; by default such rows have no target."
    )

    @property
    def needs(self) -> tuple[str, ...]:
        """The tasks that it is made of."""
        return (self.of,)


class CopySettings(Settings):
    """The same targets under another name, so that data sets that call one task differently share it."""

    kind: Literal["copy"] = "copy"
    of: Name = required("The task that gets another name.")

    @property
    def needs(self) -> tuple[str, ...]:
        """The tasks that it is made of."""
        return (self.of,)


class LabelSetSettings(Settings):
    """The set of labels of a row: of events without their times, of a single label a set of one."""

    kind: Literal["labels"] = "labels"
    of: Name = required("The task whose labels are taken: events, a set of labels, or one label.")

    @property
    def needs(self) -> tuple[str, ...]:
        """The tasks that it is made of."""
        return (self.of,)


class DistancesSettings(Settings):
    """Since when the event that is heard lasts, and until when, moment by moment; nothing is known between events."""

    kind: Literal["distances"] = "distances"
    of: Name = required("The task whose events are looked at; of those that overlap, the one that began last counts.")
    labels: Many[Label] | None = option(None, "Labels of the events that count; by default all.", min_length=1)
    step_s: float = option(0.02, "Time from one moment to the next.", unit="s", gt=0)

    @property
    def needs(self) -> tuple[str, ...]:
        """The tasks that it is made of."""
        return (self.of,)


class ActivitySettings(Settings):
    """Whether anything is present in a row."""

    kind: Literal["activity"] = "activity"
    of: Name = required("The task whose labels are looked at: a set of labels, events, or one label.")
    nothing: Many[Label] = option((), "Labels that count as nothing, such as background.")
    absent: Label = option("absent", "What a row without anything is called.")
    present: Label = option("present", "What a row with something is called.")

    @property
    def needs(self) -> tuple[str, ...]:
        """The tasks that it is made of."""
        return (self.of,)


class ProductSettings(Settings):
    """Several tasks as one: every combination of their labels that occurs is a label, such as female+angry."""

    kind: Literal["product"] = "product"
    of: Many[Name] = required("The tasks that are joined, in the order of their labels.", min_length=2)
    separator: str = option("+", "What stands between the labels.", min_length=1)

    @property
    def needs(self) -> tuple[str, ...]:
        """The tasks that it is made of."""
        return self.of


class BinsSettings(Settings):
    """Classes of a number: below the first edge, from each edge up to the next, and from the last edge on."""

    kind: Literal["bins"] = "bins"
    of: Name = required("The task whose numbers are divided.")
    edges: Many[float] = required("Where a class ends and the next begins, ascending.", min_length=1)
    labels: _Labels = required("Names of the classes: one more than there are edges.")

    @property
    def needs(self) -> tuple[str, ...]:
        """The tasks that it is made of."""
        return (self.of,)

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if list(self.edges) != sorted(set(self.edges)):
            raise ValueError(f"edges are {', '.join(f'{edge:g}' for edge in self.edges)}, but edges ascend; sort them")
        if len(set(self.labels)) != len(self.edges) + 1:
            raise ValueError(
                f"{len(self.edges)} edges make {len(self.edges) + 1} classes, but {len(set(self.labels))} different "
                "labels are given; name every class"
            )
        return self


DeriveSettings = Annotated[
    GroupsSettings
    | CopySettings
    | LabelSetSettings
    | DistancesSettings
    | ActivitySettings
    | ProductSettings
    | BinsSettings,
    Slot("derived task"),
]


def flat(value: Any, task: str) -> Mapping[str, Any]:
    """Return settings of labels by task, where those of a single task may stand without its name."""
    return value if _by_task(value) == "<tasks>" and isinstance(value, Mapping) else {task: value}
