"""Recordings that cannot be used: found over all inputs, refused or skipped, and told."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from motet.errors import DataError
from motet.experiment.listing import Listed
from motet.experiment.shapes import recordings_of
from motet.extraction import Extraction
from motet.maps import misfits
from motet.store.store import Store

logger = logging.getLogger("motet")

Rows = NDArray[np.int64]
Failures = Mapping[int, str]
"""Why a row of a data set cannot be used, by row."""

_SHOWN = 20


def find_failures(part: Listed, extractions: Mapping[str, Extraction], store: Store) -> dict[int, str]:
    """Return why rows of a data set cannot be used, over all its inputs."""
    failures: dict[int, str] = {}
    for name, extraction in extractions.items():
        recordings = recordings_of(part, part.inputs[name][0])
        there = [row for row, key in enumerate(extraction.keys) if key]
        found = misfits(store.find([extraction.keys[row] for row in there]))
        odd = {there[at]: f"{recordings[there[at]].describe()}: {reason}" for at, reason in found.items()}
        failures = {**odd, **extraction.failures, **failures}
    return dict(sorted(failures.items()))


def check_budget(listed: Mapping[str, Listed], failures: Mapping[str, Failures]) -> None:
    """Refuse what cannot be used and the settings do not allow to skip.

    Raises
    ------
    DataError
        Naming every such recording with its reason; once for all where every recording of a data set fails.
    """
    problems: list[str] = []
    for name, found in failures.items():
        part = listed[name]
        share = len(found) / len(part.data_set)
        if not found or (part.settings.on_error == "skip" and share <= part.settings.max_skipped and share < 1):
            continue
        problems += list(found.values()) if share < 1 else _each_reason_once(list(found.values()))
        remedy = f"repair or remove them, or set data.{name}.on_error: skip"
        if part.settings.on_error == "skip" and share < 1:
            remedy = f"that is more than data.{name}.max_skipped, {part.settings.max_skipped:g}"
        problems.append(f"data set {name!r}: {len(found)} of {len(part.data_set)} recordings cannot be used; {remedy}")
    if problems:
        raise DataError(*problems)


def without(part: Listed, failures: Failures) -> tuple[Listed, Rows]:
    """Return a data set without its failed rows, and which rows were kept."""
    kept = np.array([row for row in range(len(part.data_set)) if row not in failures], dtype=np.int64)
    if not failures:
        return part, kept
    return replace(part, data_set=part.data_set.select(kept)), kept


def reasons_by_id(part: Listed, failures: Failures) -> dict[str, str]:
    """Return why examples are left out, by their ids."""
    return {part.data_set.ids[row]: reason for row, reason in failures.items()}


def warn_of_skipped(data_set: str, failures: Failures) -> None:
    """Tell which recordings are left out, and why: the first few of them."""
    for reason in list(failures.values())[:_SHOWN]:
        logger.warning("data %s: skipped %s", data_set, reason)
    if len(failures) > _SHOWN:
        logger.warning("data %s: skipped %d more", data_set, len(failures) - _SHOWN)


def _each_reason_once(found: Sequence[str]) -> list[str]:
    """Return one line for all recordings of one reason: where every one fails, a setting is wrong, not the files."""
    reasons: dict[str, list[str]] = {}
    for text in found:
        place, _, reason = text.partition(": ")
        reasons.setdefault(reason, []).append(place)
    return [
        f"{places[0]}{f' and {len(places) - 1} more' if len(places) > 1 else ''}: {reason}"
        for reason, places in reasons.items()
    ]
