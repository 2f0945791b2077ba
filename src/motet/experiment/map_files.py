"""Predicted maps as files: FOLDER/TASK/NAME.wav for a waveform, .npz for any other map.

NAME is the path of the recording below the folder that was named, or the name of a file that was named itself, without
its ending. A WAV file holds float32 samples: nothing is rounded, and what is louder than full scale is not clipped. An
.npz file holds `values` ([C, T, F], or [C, T] of a waveform that no WAV file can hold), `rate_hz` (frames per second;
0 of a map without time) and `start_s`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from motet.errors import ConfigError
from motet.experiment.file_maps import PredictedMap
from motet.experiment.map_formats import NPZ, WAV, is_written_map, write_npz, write_wav
from motet.files import atomic_write
from motet.signals.signal import Signal

_MOST_CHANNELS = 1024
_MOST_BYTES = (1 << 32) - 4096


@dataclass(frozen=True, slots=True)
class MapFile:
    """A map that was written.

    Parameters
    ----------
    path
        The file.
    shape
        [C, T] of a waveform, [C, T, F] of another map.
    rate_hz
        Samples or frames per second; 0 for a map without time.
    start_s
        Where the first sample or frame lies in the recording.
    """

    path: Path
    shape: tuple[int, ...]
    rate_hz: float
    start_s: float


class MapFiles:
    """Writes maps into a folder. A map that was written there before is replaced; nothing else ever is.

    Parameters
    ----------
    folder
        The folder; it is made where it is not there.
    names
        The name of every recording by its path, see above.
    tasks
        The tasks that predict maps.
    given
        The files and folders that were named.

    Raises
    ------
    ConfigError
        If two recordings would be written to one file, or one would be written beside recordings, or over a file
        that is no written map.
    """

    def __init__(
        self, folder: Path, names: Mapping[str, str], tasks: Collection[str], given: Sequence[Path | str]
    ) -> None:
        self._folder = folder
        self._stems = {path: PurePosixPath(name).with_suffix("").as_posix() for path, name in names.items()}
        _check_folder(folder, tasks, given)
        self._check_names(tasks)

    def write(self, task: str, path: str, found: PredictedMap) -> MapFile:
        """Write the map of a recording, atomically."""
        grid_rate_hz, start_s = _time_of(found)
        fits = isinstance(found, Signal) and _fits_wav(found)
        target = self._target(task, path, WAV if fits else NPZ)
        with atomic_write(target) as file:
            if isinstance(found, Signal) and fits:
                write_wav(file, found)
            else:
                write_npz(file, found, rate_hz=grid_rate_hz, start_s=start_s)
        return MapFile(target, found.values.shape, grid_rate_hz, start_s)

    def _target(self, task: str, path: str, ending: str) -> Path:
        return self._folder / task / f"{self._stems[path]}{ending}"

    def _check_names(self, tasks: Collection[str]) -> None:
        first: dict[str, str] = {}
        for path, stem in self._stems.items():
            if stem in first:
                raise ConfigError(
                    f"-o {self._folder}: {first[stem]} and {path} would both be written to {stem}{WAV}; predict them "
                    "into two folders"
                )
            first[stem] = path
        recordings = {Path(path).resolve() for path in self._stems}
        for target in (
            self._target(task, path, ending) for path in first.values() for task in tasks for ending in (WAV, NPZ)
        ):
            if target.resolve() in recordings:
                raise ConfigError(f"-o {self._folder}: {target} is one of the recordings; choose another folder")
            if target.exists() and not is_written_map(target):
                raise ConfigError(
                    f"-o {self._folder}: {target} is there and is no map that was predicted, so it is not replaced; "
                    "choose another folder"
                )


def _check_folder(folder: Path, tasks: Collection[str], given: Sequence[Path | str]) -> None:
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"-o {folder}: is a file, but maps are written into a folder; name one")
    places = [folder, *(folder / task for task in tasks)]
    for searched in filter(Path.is_dir, map(Path, given)):
        inside = next((place for place in places if place.resolve().is_relative_to(searched.resolve())), None)
        if inside is not None:
            raise ConfigError(
                f"-o {folder}: {'' if inside == folder else f'{inside} '}lies in {searched}, where what is written "
                "would be taken for recordings the next time; choose a folder outside of it"
            )


def _time_of(found: PredictedMap) -> tuple[float, float]:
    if isinstance(found, Signal):
        return found.rate_hz, found.start_s
    return round(1.0 / found.grid.step_s, 6) if found.grid.step_s else 0.0, found.grid.start_s


def _fits_wav(signal: Signal) -> bool:
    """Tell whether a WAV file can hold a signal: whole samples per second, and sizes that its header can say."""
    return (
        signal.rate_hz.is_integer()
        and signal.num_channels <= _MOST_CHANNELS
        and max(signal.values.nbytes, 4 * signal.num_channels * signal.rate_hz) <= _MOST_BYTES
    )
