"""Settings of the readers of published corpora; `path` is the folder that the publisher's archive unpacks to."""

from typing import Annotated, Literal

from pydantic import BeforeValidator

from motet.config import ExistingFolder, ExistingPath, Many, Name, Settings, option, required

Role = Literal["train", "dev", "test"]
Names = Annotated[
    Many[str],
    BeforeValidator(
        lambda value: (value,) if isinstance(value, str) else value, json_schema_input_type=str | list[str]
    ),
]

_PARTS = "Partitions to use; a single one is left for the experiment to split, or to `use: test`."


class _Corpus(Settings):
    path: ExistingFolder = required("Folder of the data set.")


class EscSettings(_Corpus):
    """ESC-10 and ESC-50, environmental sounds in five folds, in the folders of their publisher."""

    kind: Literal["esc"] = "esc"
    task: Name = option("sound", "Name of the task.")
    subset: Literal["all", "esc10"] = option("all", "esc10 keeps the ten classes of ESC-10 out of ESC-50.")


class RavdessSettings(_Corpus):
    """RAVDESS, acted emotions: emotion, intensity, statement, sex, and stress (fearful against neutral)."""

    kind: Literal["ravdess"] = "ravdess"
    channel: Literal["speech", "song", "all"] = option("speech", "What the actors do; all makes it a task too.")


class MdbDrumsSettings(_Corpus):
    """MDB Drums: the onset and the class of every stroke."""

    kind: Literal["mdb_drums"] = "mdb_drums"
    audio: Literal["drum_only", "full_mix"] = option("drum_only", "Drums alone, or the whole band.")
    annotations: Literal["class", "subclass"] = option("class", "Six classes of strokes, or 21.")
    labels: Names = option((), "Classes to keep, such as [KD, SD, HH]; by default all.")


class SpeechCommandsSettings(_Corpus):
    """Speech Commands, with the publisher's lists for validation and testing; or the archive of its test set."""

    kind: Literal["speech_commands"] = "speech_commands"
    parts: Many[Role] = option(("train", "dev", "test"), _PARTS, min_length=1)
    words: Names | None = option(
        None, "Words that keep their label, the others become 'unknown'; by default all.", min_length=1
    )
    silence: bool = option(
        False, "Whether seconds of the background noises are added as 'silence', or those of the test set's archive."
    )


class UrbanSoundSettings(_Corpus):
    """UrbanSound8K, city sounds in ten folds."""

    kind: Literal["urbansound8k"] = "urbansound8k"


class GtzanSettings(_Corpus):
    """GTZAN, ten musical genres."""

    kind: Literal["gtzan"] = "gtzan"
    filtered: bool = option(False, "Whether the fault-filtered lists in the folder say what is used, and where.")


class DcaseScenesSettings(_Corpus):
    """Acoustic scenes of DCASE: TUT 2016 and 2017 and their evaluation sets, TUT Urban 2018, TAU Urban 2019 to 2022."""

    kind: Literal["dcase_scenes"] = "dcase_scenes"


class DcaseEventsSettings(_Corpus):
    """Sound events in real life of DCASE: TUT Sound Events 2016 and 2017 and their evaluation sets."""

    kind: Literal["dcase_events"] = "dcase_events"
    scene: str | None = option(None, "Scene whose lists are used, such as street; by default the only one.")
    cut_s: float | None = option(
        None,
        "Cut recordings into pieces of this length, each with the set of labels heard in it; what is left at the end "
        "of a recording is no piece. By default recordings stay whole, with events.",
        unit="s",
        gt=0,
    )


class AsvSpoofSettings(_Corpus):
    """ASVspoof 2015, genuine and spoofed speech."""

    kind: Literal["asvspoof2015"] = "asvspoof2015"
    parts: Many[Role] = option(("train", "dev", "test"), _PARTS, min_length=1)
    grouped: bool = option(
        True, "Whether a speaker must not stand on both sides of a split; false makes the speaker a task."
    )


class FsdKaggleSettings(_Corpus):
    """FSDKaggle2018, everyday sounds with training labels of which some are verified."""

    kind: Literal["fsdkaggle2018"] = "fsdkaggle2018"
    parts: Many[Literal["train", "test"]] = option(("train", "test"), _PARTS, min_length=1)
    verified: bool = option(False, "Whether only training clips with verified labels are used.")


class AudioSetSettings(_Corpus):
    """AudioSet segments with weak labels; clips are named by video and start."""

    kind: Literal["audioset"] = "audioset"
    segments: Names = option(
        ("balanced_train_segments.csv", "eval_segments.csv"),
        "Tables of segments in the folder; one with eval in its name tests, the others train.",
        min_length=1,
    )
    features: ExistingFolder | None = option(
        None, "Folder of the publisher's features, which are read in place of clips: 128 values a second."
    )
    missing: Literal["error", "skip"] = option("error", "What to do with segments whose clip is not there.")
    ancestors: bool = option(False, "Whether a segment has the classes above its own in the ontology too.")


class AmbientContextsSettings(_Corpus):
    """Ambient acoustic contexts of Park et al. 2020: seconds of AudioSet with labels of their own."""

    kind: Literal["ambient_contexts"] = "ambient_contexts"
    vectors: ExistingPath | None = option(
        None,
        "Stored vectors in place of the recordings: a folder of NAME.npy, an .npz file with names and vectors, a .csv "
        "file of a name and numbers a row, or the folder of AudioSet's published features.",
    )
    missing: Literal["error", "skip"] = option(
        "error", "What to do with labelled seconds whose recording or vector is not there."
    )


class DesedSettings(_Corpus):
    """DESED, domestic sounds of DCASE task 4: strong labels, weak labels, and recordings without any."""

    kind: Literal["desed"] = "desed"
    tables: Names = option(
        ("train/weak.tsv", "train/synthetic20/soundscapes.tsv", "validation/validation.tsv"),
        "Tables to use, below `metadata`; those below train train, the others test.",
        min_length=1,
    )
    missing: Literal["error", "skip"] = option("error", "What to do with recordings that are not there.")


class CompareSettings(_Corpus):
    """A sub-challenge of ComParE 2018 to 2021: wav/train_*, devel_*, test_*, and tables in lab."""

    kind: Literal["compare"] = "compare"
    targets: Names = option(("label",), "Columns of the targets.", min_length=1)
    group: str | None = option(None, "Column whose values must not stand on both sides of a split.")


CorpusSettings = (
    EscSettings
    | RavdessSettings
    | MdbDrumsSettings
    | SpeechCommandsSettings
    | UrbanSoundSettings
    | GtzanSettings
    | DcaseScenesSettings
    | DcaseEventsSettings
    | AsvSpoofSettings
    | FsdKaggleSettings
    | AudioSetSettings
    | AmbientContextsSettings
    | DesedSettings
    | CompareSettings
)
