"""UrbanSound8K: 8,732 city sounds of up to 4 s, ten classes, ten folds.

`metadata/UrbanSound8K.csv` names `audio/foldN/NAME.wav`, its class, its fold, whether the sound stands in the
foreground, and the recording on freesound.org that it was cut from (fsID): the group.

Source: J. Salamon, C. Jacoby and J. P. Bello, "A Dataset and Taxonomy for Urban Sound Research", ACM Multimedia 2014,
and the README of the data set.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from motet.signals.settings import ReaderSettings
from motet.sources.codes import CodeNames
from motet.sources.corpora.clips import Clip, SoundFiles, examples_of
from motet.sources.corpora.settings import UrbanSoundSettings
from motet.sources.example import Example, fold_roles
from motet.sources.manifest import read_manifest
from motet.sources.source import DEFAULT_READER, TaskDefaults

_TABLE = "metadata/UrbanSound8K.csv"
_SALIENCE = CodeNames("salience", {"1": "foreground", "2": "background"})


@dataclass(frozen=True, slots=True)
class UrbanSound:
    """UrbanSound8K in the folders of its publisher.

    Examples
    --------
    >>> list(UrbanSound(UrbanSoundSettings(path="UrbanSound8K")).tasks())
    ['sound', 'salience']
    """

    settings: UrbanSoundSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the clips in the order of their files; see `Source.examples`."""
        return examples_of(self.settings.path, self._clips(), reader)

    def tasks(self) -> TaskDefaults:
        """Return the class, and whether it stands in the foreground."""
        return {"sound": {"kind": "multiclass"}, "salience": {"kind": "multiclass"}}

    def _clips(self) -> list[Clip]:
        table = read_manifest(Path(self.settings.path) / _TABLE)
        names, groups, saliences, folds, labels = (
            table.text(column) for column in ("slice_file_name", "fsID", "salience", "fold", "class")
        )
        paths = [f"audio/fold{fold}/{name}" for fold, name in zip(folds, names, strict=True)]
        found = SoundFiles.below(self.settings.path).located(paths, table=_TABLE)
        roles = fold_roles(folds)
        return [
            Clip(
                name,
                {"sound": labels[row], "salience": _SALIENCE.name(saliences[row], table.place(row))},
                group=groups[row],
                folds=roles[folds[row]],
            )
            for row, name in enumerate(found)
            if name is not None
        ]
