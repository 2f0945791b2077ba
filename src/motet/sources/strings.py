"""Recordings strung together, from any source: single words become short sentences whose text is known.

Only recordings of one group, one partition, the same folds, and the same targets of `within` stand in one string, so a
string belongs where its recordings belong, and nothing leaks. Which, and in which order, is drawn by the seed.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet.draws import generator, uniform
from motet.errors import ConfigError, DataError
from motet.files import DigestCache
from motet.signals.readers.spans import cut, sample_span
from motet.signals.recording import Recording
from motet.signals.settings import ReaderSettings
from motet.signals.signal import Signal
from motet.sources.example import Example
from motet.sources.settings import StringSettings
from motet.sources.source import DEFAULT_READER, Source, TaskDefaults

_VERSION = 1


@dataclass(frozen=True, slots=True)
class StringSignal:
    """Reads recordings one behind the other, with silence between them.

    Parameters
    ----------
    parts
        The recordings.
    pauses_s
        The silence behind each but the last.
    """

    parts: tuple[Recording[Any], ...]
    pauses_s: tuple[float, ...]

    def read(self, start_s: float = 0.0, end_s: float | None = None) -> Signal:
        """Decode all parts and return the span from `start_s` to `end_s` (None: to the end), in seconds.

        Raises
        ------
        DataError
            If the parts differ in rate or channels.
        """
        signals = [part.read() for part in self.parts]
        kinds = {(signal.rate_hz, signal.num_channels) for signal in signals}
        if len(kinds) > 1:
            raise DataError(
                f"{self.describe()}: its recordings differ in rate or channels ({_told(kinds)}); string together only "
                "recordings that are alike"
            )
        ((rate_hz, channels),) = kinds
        pieces = [signals[0].values]
        for signal, pause_s in zip(signals[1:], self.pauses_s, strict=True):
            pieces += [np.zeros((channels, round(pause_s * rate_hz)), np.float32), signal.values]
        values = np.concatenate(pieces, axis=1)
        return cut(values, sample_span(start_s, end_s, rate_hz, values.shape[1], self.describe()), rate_hz)

    def digest(self, cache: DigestCache) -> bytes:
        """Return the 16 bytes that stand for all parts, their spans and the pauses."""
        digest = hashlib.blake2b(f"strings {_VERSION} {self.pauses_s!r}".encode(), digest_size=16)
        for part in self.parts:
            digest.update(part.reader.digest(cache) + f"{part.start_s!r}:{part.end_s!r}".encode())
        return digest.digest()

    def describe(self) -> str:
        """Name the recordings for messages."""
        return " + ".join(part.describe() for part in self.parts)


@dataclass(frozen=True, slots=True)
class Strings:
    """Another source's recordings, strung together.

    Examples
    --------
    >>> from motet.sources.generated import Generated
    >>> from motet.sources.settings import GeneratedSettings
    >>> digits = Generated(GeneratedSettings(content="speakers", examples=12))
    >>> first = next(Strings(digits, StringSettings(target="digit", within=["speaker"])).examples())
    >>> first.id, dict(first.targets)
    ('string-000000', {'digit': '1 3', 'speaker': 'speaker_1'})
    """

    source: Source
    settings: StringSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the strings; see `Source.examples`.

        Raises
        ------
        ConfigError
            If no example has a target that the settings name, or none can be strung together.
        """
        alike: dict[Any, list[Example]] = {}
        known: set[str] = set()
        wanted = (self.settings.target, *self.settings.within)
        for example in self.source.examples(reader):
            known |= example.targets.keys()
            if all(name in example.targets for name in wanted):
                alike.setdefault(self._kind(example), []).append(example)
        if not alike:
            raise ConfigError(
                f"strings: no example has the targets {', '.join(wanted)} (there are: {', '.join(sorted(known))})"
            )
        number = 0
        for key, examples in enumerate(alike.values()):
            for chosen in self._chosen(examples, key):
                yield self._string(chosen, number)
                number += 1
        if not number:
            most = max(map(len, alike.values()))
            raise ConfigError(
                f"strings.shortest: is {self.settings.shortest}, but at most {most} recordings agree in group, "
                "partition, folds and `within`; make it smaller, or name less in `within`"
            )

    def tasks(self) -> TaskDefaults:
        """Return the one task that every string has."""
        return {self.settings.target: {"kind": "sequence"}}

    def _kind(self, example: Example) -> tuple[Any, ...]:
        folds = None if example.folds is None else tuple(sorted(example.folds.items()))
        return (example.group, example.partition, folds, *(example.targets[name] for name in self.settings.within))

    def _chosen(self, examples: Sequence[Example], key: int) -> Iterator[list[Example]]:
        """Deal shuffled examples out, so many at a time; what is left over comes in no string."""
        settings = self.settings
        for turn in range(settings.rounds):
            random = generator(settings.seed, "strings", key, turn)
            order = random.permutation(len(examples)).tolist()
            while len(order) >= settings.shortest:
                count = min(int(random.integers(settings.shortest, settings.longest + 1)), len(order))
                yield [examples[order.pop()] for _ in range(count)]

    def _string(self, examples: Sequence[Example], number: int) -> Example:
        first, settings = examples[0], self.settings
        drawn: NDArray[np.float64] = uniform(
            settings.seed, epoch=0, rows=np.array([number]), stage="pause", count=settings.longest
        )[0]
        pauses_s = tuple((2 * settings.pause_s * drawn[: len(examples) - 1]).tolist())
        parts = {name: tuple(example.inputs[name] for example in examples) for name in first.inputs}
        text = " ".join(str(example.targets[settings.target]) for example in examples)
        return Example(
            id=f"string-{number:06d}",
            inputs={name: Recording(StringSignal(own, pauses_s)) for name, own in parts.items()},
            targets={settings.target: text, **{name: first.targets[name] for name in settings.within}},
            group=first.group,
            folds=first.folds,
            partition=first.partition,
        )


def _told(kinds: Iterable[tuple[float, int]]) -> str:
    return ", ".join(f"{rate_hz:g} Hz with {channels} channels" for rate_hz, channels in sorted(kinds))
