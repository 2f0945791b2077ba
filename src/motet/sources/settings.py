"""Settings of the sources: where recordings lie and how their targets, groups and splits are found.

Four words mean the same everywhere. `group` is what must not stand on both sides of a split. `fold` is the
publisher's fold in which an example is tested. `partition` is the publisher's train, dev or test set.
`labels` gives names to codes, of which 1, "1" and "01" are the same.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from string import Formatter
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from motet.config import (
    ExistingFile,
    ExistingFolder,
    ExistingPath,
    Many,
    Name,
    Settings,
    Slot,
    UserComponent,
    option,
    required,
)
from motet.sources.corpora.settings import CorpusSettings, Names, Role

Content = Literal["signals", "maps"]
Value = str | int | float
FieldType = Literal["s", "d", "f"]
LabelNames = dict[Annotated[str, BeforeValidator(lambda code: str(code) if type(code) is int else code)], str]
_SPECIFICATION = re.compile(r"(?:[1-9][0-9]*)?([sd]?)|(f)")


def pattern_fields(pattern: str) -> dict[str, FieldType]:
    """Return the named fields of a file name pattern with their types.

    Raises
    ------
    ValueError
        If a field is not `{name}`, `{name:s}`, `{name:d}`, `{name:f}`, one of these with a width, or `{}`.

    Examples
    --------
    >>> pattern_fields("{digit}_{speaker}_{index:d}.wav")
    {'digit': 's', 'speaker': 's', 'index': 'd'}
    """
    fields: dict[str, FieldType] = {}
    for _, name, specification, conversion in _parsed(pattern):
        if name is None:
            continue
        match = _SPECIFICATION.fullmatch(specification or "")
        if match is None or conversion or not (name == "" or name.isidentifier()):
            raise ValueError(
                f"piece '{name}' of pattern '{pattern}' is malformed: a piece is {{name}}, {{name:s}}, "
                "{name:d} or {name:f}, with a width where wanted ({name:2d}), or {} for one of no interest"
            )
        found: FieldType = "f" if match[2] else "d" if match[1] == "d" else "s"
        if name and fields.setdefault(name, found) != found:
            raise ValueError(f"piece '{name}' of pattern '{pattern}' has two types: give it the same type everywhere")
    return fields


def _parsed(pattern: str) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(Formatter().parse(pattern))
    except ValueError as error:
        raise ValueError(
            f"pattern '{pattern}' cannot be read ({error}): every piece stands between {{ and }}, and a brace of the "
            "name itself is written twice"
        ) from None


def _value_form(value: object) -> str:
    return {int: "<whole number>", float: "<number>"}.get(type(value), "<text>")


_AnyValue = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[int, Tag("<whole number>")] | Annotated[float, Tag("<number>")],
    Discriminator(_value_form),
]


class RuleSettings(Settings):
    """A condition on one value; where several are given, all must hold."""

    below: float | None = option(None, "The value is a number less than this.")
    above: float | None = option(None, "The value is a number greater than this.")
    equals: _AnyValue | None = option(None, "The value is this one.")
    in_: Many[_AnyValue] | None = option(None, "The value is one of these.", alias="in", min_length=1)

    @model_validator(mode="after")
    def _has_a_condition(self) -> Self:
        if all(condition is None for condition in (self.below, self.above, self.equals, self.in_)):
            raise ValueError("the rule is empty: give at least one of below, above, equals, in")
        return self


def _content() -> Any:
    return option("signals", "maps: the files are NumPy arrays of finished features, [F], [T, F] or [C, T, F].")


def _rate() -> Any:
    meaning = "Samples (maps: frames) per second of files that do not say it; by default signal.reader.rate_hz."
    return option(None, meaning, unit="Hz", gt=0)


PartitionRules = dict[Role, dict[str, RuleSettings]]
PartitionSettings = Annotated[
    Annotated[str, Tag("<name>")] | Annotated[PartitionRules, Field(min_length=1), Tag("<rules>")],
    Discriminator(lambda value: "<name>" if isinstance(value, str) else "<rules>"),
]


def partition_names(settings: str | PartitionRules | None) -> list[str]:
    """Return the values that decide the partition, each once."""
    if isinstance(settings, dict):
        return list(dict.fromkeys(name for rules in settings.values() for name in rules))
    return [] if settings is None else [settings]


class TraceSettings(Settings):
    """An annotation beside every recording: values over time."""

    file: str = required(
        "Of a table the column with its path; of file names its path below the folder, with the pieces of the "
        "recording's name: labels/{speaker}_{index}.csv. A table with a row for every moment, or a .npy file.",
        min_length=1,
    )
    time: str = option("time", "Column with the seconds from the start of the recording.")
    values: Names | None = option(None, "Columns of the values; by default all others of numbers.", min_length=1)
    rate_hz: float | None = option(None, "Values per second, where the annotation holds no times.", unit="Hz", gt=0)
    start_s: float = option(0.0, "When the first of them holds; of times, what is added to them.", unit="s")
    delimiter: str | None = option(None, "By default a comma, a semicolon or a tab.", min_length=1, max_length=1)


class FilenamesSettings(Settings):
    """Labels read from file names."""

    kind: Literal["filenames"] = "filenames"
    path: ExistingFolder = required("Folder of the files; subfolders are searched too.")
    pattern: str = required(
        "File name with its pieces in braces, as in {digit}_{speaker}_{index:d}.wav; types are s (text), "
        "d (whole number), f (number); {} is a piece of no interest; with a / it is a path below the folder.",
        min_length=1,
    )
    group: str | None = option(None, "Piece whose values must not stand on both sides of a split.")
    fold: str | None = option(None, "Piece that names the fold in which a file is tested.")
    partition: PartitionSettings | None = option(
        None,
        "Piece that says train, dev or test, or rules as in {test: {index: {below: 5}}}; the rest trains.",
    )
    labels: dict[str, LabelNames] = option({}, "Names of the codes of a piece: {emotion: {1: neutral, 2: calm}}.")
    unmatched: Literal["error", "skip"] = option("error", "What to do with files of that extension that do not match.")
    beside: dict[Name, str] = option(
        {},
        "More recordings of every example by name, beside the signal: paths below the folder with the same pieces, "
        "{clean: clean/{speaker}_{index}.wav}.",
    )
    traces: dict[Name, TraceSettings] = option({}, "Annotations over time by task: {affect: {file: {name}.csv}}.")
    content: Content = _content()
    rate_hz: float | None = _rate()

    @model_validator(mode="after")
    def _names_are_pieces(self) -> Self:
        fields = pattern_fields(self.pattern)
        if not fields:
            raise ValueError(f"pattern '{self.pattern}' has no named piece: write at least one, such as {{label}}")
        _check_names("group", [self.group], fields)
        _check_names("fold", [self.fold], fields)
        _check_names("partition", partition_names(self.partition), fields)
        _check_names("labels", self.labels, fields)
        _check_beside(self.beside)
        others = {f"beside.{name}": path for name, path in self.beside.items()}
        others |= {f"traces.{name}.file": own.file for name, own in self.traces.items()}
        for key, pattern in others.items():
            _check_names(key, pattern_fields(pattern), fields)
            if any(name == "" for _, name, _, _ in _parsed(pattern)):
                raise ValueError(f"{key}: '{pattern}' has a piece without a name; name it there and in the pattern")
        _check_traces(self.traces, fields)
        for role, rules in self.partition.items() if isinstance(self.partition, dict) else ():
            for name, rule in rules.items():
                if fields[name] == "s" and (rule.below is not None or rule.above is not None):
                    raise ValueError(
                        f"partition.{role}.{name} compares text with a number: write {{{name}:d}} in the pattern"
                    )
        return self


class TargetColumns(Settings):
    """The columns that make one target."""

    columns: Names = required("Columns of the target.", min_length=1)
    values: Literal["auto", "label", "labels", "number", "numbers"] = option(
        "auto",
        "What the cells hold. auto: one column holds a label, or a number where every cell is one; several "
        "columns hold labels, named by their headers, where every cell is 0 or 1, else numbers.",
    )
    separator: str | None = option(None, "What stands between the labels in a cell of several.", min_length=1)

    @model_validator(mode="after")
    def _values_fit_columns(self) -> Self:
        single = len(self.columns) == 1
        if self.separator is not None and not (single and self.values in ("auto", "labels")):
            raise ValueError(
                f"separator is '{self.separator}' with {len(self.columns)} columns of {self.values}: it "
                "splits the labels in one column; name one column, and values: labels"
            )
        if not single and self.values in ("label", "number"):
            raise ValueError(f"values is {self.values} with {len(self.columns)} columns: write labels or numbers")
        if single and self.values == "labels" and self.separator is None:
            raise ValueError("values is labels with one column: give the separator that stands between its labels")
        return self


def _columns_form(value: object) -> str:
    if isinstance(value, list | tuple):
        return "<columns>"
    return "<mapping>" if isinstance(value, dict | TargetColumns) else "<column>"


TargetSettings = Annotated[
    Annotated[str, Tag("<column>")]
    | Annotated[Many[str], Field(min_length=1), Tag("<columns>")]
    | Annotated[TargetColumns, Tag("<mapping>")],
    Discriminator(_columns_form),
]


class TableSettings(Settings):
    """A manifest in CSV, TSV or Parquet: each row is an example."""

    kind: Literal["table"] = "table"
    path: ExistingFile = required("The table; its first row names the columns.")
    recording: str = option("path", "Column with the path of the recording.")
    beside: dict[Name, str] = option(
        {}, "More recordings of every example by name, beside the signal: a column of paths each, {clean: clean_path}."
    )
    traces: dict[Name, TraceSettings] = option({}, "Annotations over time by task: {affect: {file: affect_path}}.")
    root: ExistingFolder | None = option(
        None, "Folder that relative paths start from; by default the table's own folder."
    )
    content: Content = _content()
    rate_hz: float | None = _rate()
    targets: dict[Name, TargetSettings] = option(
        {}, "Columns of each task: a column, a list of columns, or {columns, values, separator}."
    )
    labels: dict[str, LabelNames] = option({}, "Names of the codes of a task: {emotion: {1: neutral, 2: calm}}.")
    id: str | None = option(None, "Column that identifies the row; by default its path, and its span if it has one.")
    group: str | None = option(None, "Column whose values must not stand on both sides of a split.")
    fold: str | None = option(None, "Column that names the fold in which a row is tested.")
    partition: PartitionSettings | None = option(
        None,
        "Column that says train, dev or test, or rules as in {test: {year: {above: 2019}}}; the rest trains.",
    )
    start: str | None = option(None, "Column with the start of the span in the recording, in seconds.")
    end: str | None = option(None, "Column with the end of the span, in seconds.")
    delimiter: str | None = option(None, "By default a comma, or a tab in .tsv files.", min_length=1, max_length=1)
    missing: Names = option(("",), "Cells that mean that nothing is known.")

    @model_validator(mode="after")
    def _labels_are_tasks(self) -> Self:
        _check_names("labels", self.labels, self.targets)
        _check_beside(self.beside)
        _check_traces(self.traces, self.targets)
        return self


class FoldersSettings(Settings):
    """Labels are the names of folders: CLASS, train|dev|test/CLASS, or fold_N/CLASS."""

    kind: Literal["folders"] = "folders"
    path: ExistingFolder = required("Folder of the class folders.")
    task: Name = option("label", "Name of the task.")
    layout: Literal["auto", "classes", "partitions", "folds"] = option(
        "auto", "classes: CLASS/FILE; partitions: train|dev|test/CLASS/FILE; folds: fold_N/CLASS/FILE."
    )
    labels: LabelNames = option({}, "Names of the classes by folder: {A: rest, E: seizure}.")
    extensions: Names | None = option(
        None, "Extensions of the recordings, as in [.wav]; by default all that can be read.", min_length=1
    )
    exclude: Names = option((), "Paths below the folder to leave out, with * and ? as wildcards.")
    content: Content = _content()
    rate_hz: float | None = _rate()


class ArraysSettings(Settings):
    """Arrays of many examples (.npz, .npy, text matrices), or class folders with one array a file."""

    kind: Literal["arrays"] = "arrays"
    path: ExistingPath = required("A .npz or .npy file, or the folder of the arrays.")
    content: Content = option(
        "signals", "signals: [N, T] or [N, C, T]; maps: finished features, [N, T, F] or [N, C, T, F]."
    )
    rate_hz: float | None = _rate()
    signals: Names | None = option(
        None,
        "Name in the .npz file, or .npy file, or text matrices with one example a row, one matrix a channel; "
        "* and ? are wildcards. By default X; without one, each file of a class folder is an example.",
        min_length=1,
    )
    targets: dict[Name, str] = option({}, "Array or text file of each task's targets. By default {label: y}.")
    labels: dict[str, LabelNames] = option({}, "Names of the codes of a task: {activity: {1: walking, 6: laying}}.")
    group: str | None = option(None, "Array or text file of what must not stand on both sides of a split.")
    fold: str | None = option(None, "Array or text file with the fold in which an example is tested.")
    partition: str | None = option(None, "Array or text file that says train, dev or test.")


class EdfSettings(Settings):
    """EEG and other recordings in EDF or BDF; annotations are events, or every one is an example."""

    kind: Literal["edf"] = "edf"
    path: ExistingFolder = required("Folder of the files; subfolders are searched too.")
    task: Name = option("event", "Name of the task of the annotations.")
    cut: bool = option(False, "Whether every annotation is an example with its label; else files are, with events.")
    labels: LabelNames = option(
        {}, "Names of the annotations, {T1: left, T2: right}: others are left out. By default all, as they are written."
    )
    start_s: float = option(0.0, "Where an example begins, from its annotation's onset; with cut.", unit="s")
    length_s: float | None = option(
        None, "How long an example lasts; with cut, by default as long as its annotation.", unit="s", gt=0
    )
    incomplete: Literal["error", "skip"] = option(
        "error", "What examples mean that would leave the recording; with cut."
    )
    pattern: str | None = option(
        None, "File name with pieces in braces, as in S{subject}R{run}.edf, which are targets too.", min_length=1
    )
    group: str | None = option(
        None, "Piece whose values must not stand on both sides of a split; with cut, by default the file."
    )
    fold: str | None = option(None, "Piece that names the fold in which a file is tested.")
    exclude: Names = option((), "Paths below the folder to leave out, with * and ? as wildcards.")

    @model_validator(mode="after")
    def _pieces_and_spans(self) -> Self:
        fields = pattern_fields(self.pattern) if self.pattern else {}
        _check_names("group", [self.group], fields)
        _check_names("fold", [self.fold], fields)
        if self.task in fields:
            raise ValueError(f"task is {self.task!r}, which is also a piece of the pattern; rename one")
        if not self.cut and (self.start_s, self.length_s, self.incomplete) != (0.0, None, "error"):
            raise ValueError("start_s, length_s and incomplete need cut: true; without it files are whole examples")
        return self


class HuggingFaceSettings(Settings):
    """A data set of Hugging Face `datasets` on the disk, as its `save_to_disk` writes it; splits are the partition."""

    kind: Literal["huggingface"] = "huggingface"
    path: ExistingFolder = required("Folder that the data set was saved to.")
    recording: str = option("audio", "Column of the recordings: sounds, or lists of numbers [T] or [C, T].")
    rate_hz: float | None = _rate()
    targets: dict[Name, str] = option({}, "Column of each task; by default all columns of class labels.")
    group: str | None = option(None, "Column whose values must not stand on both sides of a split.")


class GeneratedSettings(Settings):
    """Synthetic recordings with known truth; recording i depends on these settings and i alone."""

    kind: Literal["generated"] = "generated"
    content: Literal["scenes", "events", "speakers", "sensors", "efforts"] = option(
        "scenes",
        "scenes: a texture, one a class; events: several textures, often at the same time (multilabel); speakers: "
        "digits spoken by speakers; sensors: three axes of an activity and its intensity; efforts: an activity whose "
        "intensity changes slowly, and the intensity over time.",
    )
    examples: int = option(200, "Number of recordings.", ge=1)
    classes: int = option(4, "Number of scenes, events, digits or activities.", ge=2, le=64)
    groups: int = option(6, "Number of places, speakers or subjects.", ge=1, le=64)
    grouped: bool = option(False, "Whether a place, speaker or subject must not stand on both sides of a split.")
    folds: int | None = option(None, "Number of predefined folds; by default none.", ge=2)
    rate_hz: float = option(16000.0, "Sampling rate.", unit="Hz", gt=0)
    duration_s: float = option(1.0, "Mean duration; recordings last 0.6 to 1.4 times as long.", unit="s", gt=0)
    noise_db: float = option(-20.0, "Level of the noise, relative to the sound.", unit="dB")
    seed: int = option(0, "Another seed gives other recordings of the same classes.", ge=0)

    @model_validator(mode="after")
    def _folds_have_examples(self) -> Self:
        if self.folds is None:
            return self
        if self.examples < self.folds * self.classes:
            raise ValueError(
                f"examples is {self.examples}: {self.folds} folds of {self.classes} classes need at least "
                f"{self.folds * self.classes}; ask for more examples or fewer folds"
            )
        if self.grouped and self.groups < self.folds:
            raise ValueError(f"groups is {self.groups}: {self.folds} folds need as many groups; raise it")
        return self


class StringSettings(Settings):
    """Recordings strung together: each example is several of the source's, one behind the other, with a text."""

    target: Name = required("The target whose labels, with spaces between them, are the text of a string.")
    shortest: int = option(2, "Fewest recordings of a string.", ge=1)
    longest: int = option(5, "Most recordings of a string.", ge=1)
    pause_s: float = option(
        0.1, "Silence between two recordings on average; each is 0 to 2 times as long.", unit="s", ge=0
    )
    rounds: int = option(1, "How often every recording comes, each time in another string.", ge=1)
    within: Names = option(
        (), "Targets that all recordings of a string agree in, such as the speaker; a string keeps them."
    )
    seed: int = option(0, "Another seed gives other strings.", ge=0)

    @model_validator(mode="after")
    def _lengths_are_ordered(self) -> Self:
        if self.shortest > self.longest:
            raise ValueError(f"shortest is {self.shortest} and longest {self.longest}: swap them")
        return self


def _from_examples(value: object) -> object:
    """Take a list of examples for what it is; a list of plain data is a mistake."""
    examples = isinstance(value, list | tuple) and value and not isinstance(value[0], Mapping | str | int | float)
    return UserComponent.of(value) if examples else value


SourceSettings = Annotated[
    CorpusSettings
    | FilenamesSettings
    | TableSettings
    | FoldersSettings
    | ArraysSettings
    | EdfSettings
    | HuggingFaceSettings
    | GeneratedSettings
    | UserComponent,
    Slot("source"),
    BeforeValidator(_from_examples),
]


def _check_traces(traces: Collection[str], targets: Collection[str]) -> None:
    for name in traces:
        if name in targets:
            raise ValueError(f"traces names {name!r}, which is a target already; give it another name")


def _check_beside(beside: Collection[str]) -> None:
    if "signal" in beside:
        raise ValueError("beside names 'signal', which is the recording itself; give the other one another name")


def _check_names(key: str, names: Iterable[str | None], known: Collection[str]) -> None:
    for name in names:
        if name is not None and name not in known:
            raise ValueError(f"{key} names '{name}', which is not there: choose from {', '.join(known) or 'none'}")
