"""Small corpora in the layouts of their publishers, for the contract of readers and for the set-ups of papers.

A layout holds the text of every table by its path; sound files have no text. They are tones in noise of which no two
are alike.
"""

import json
import zlib
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path

import numpy as np
import soundfile

from motet.signals.readers.by_suffix import SOUND_SUFFIXES

Layout = dict[str, str]


def write_layout(folder: Path, layout: Mapping[str, str], *, duration_s: float = 0.2, rate_hz: int = 8000) -> None:
    """Write the tables of a layout, and sounds of this length where it names sound files."""
    for name, text in layout.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix not in SOUND_SUFFIXES:
            path.write_text(text)
            continue
        generator = np.random.default_rng(zlib.crc32(name.encode()))
        times_s = np.arange(round(duration_s * rate_hz)) / rate_hz
        tone = 0.2 * np.sin(2 * np.pi * generator.uniform(200, 3000) * times_s)
        soundfile.write(path, tone + generator.normal(scale=0.05, size=len(times_s)), rate_hz)


def ravdess(actors: int = 6) -> Layout:
    """Every actor says both sentences in eight emotions, the second one strongly, which neutral speech is not."""
    files: Layout = {}
    for actor, emotion, sentence in product(range(1, actors + 1), range(1, 9), (1, 2)):
        intensity = 1 if emotion == 1 else sentence
        files[f"Actor_{actor:02d}/03-01-{emotion:02d}-{intensity:02d}-{sentence:02d}-01-{actor:02d}.wav"] = ""
    return files


def asvspoof2015(speakers: Iterable[str] = ("T1", "T2", "T3", "T4"), each: int = 12) -> Layout:
    """As much genuine as spoofed speech of every speaker in training, and of one for development and evaluation."""
    files: Layout = {}
    for table, chosen in (("train.trn", speakers), ("develop.ndx", ("D1",)), ("evaluation.ndx", ("E1",))):
        protocol = []
        for speaker, number in product(chosen, range(each)):
            files[f"wav/{speaker}/{speaker}_{number}.wav"] = ""
            protocol.append(f"{speaker} {speaker}_{number} {'human human' if number < each // 2 else 'S1 spoof'}\n")
        files[f"CM_protocol/cm_{table}"] = "".join(protocol)
    return files


def dcase_scenes(
    scenes: Iterable[str] = ("beach", "bus", "home"), places: int = 5, each: int = 3, folds: int = 1
) -> Layout:
    """Some recordings at some places of every scene; fold n tests on the nth place, a single fold trains on all."""
    files: Layout = {}
    meta: list[tuple[str, str, int]] = []
    for (number, scene), place, take in product(enumerate(scenes), range(places), range(each)):
        name = f"audio/b{10 * number + place:03d}_{10 * take}_{10 * take + 10}.wav"
        files[name] = ""
        meta.append((name, scene, place))
    files["meta.txt"] = "".join(f"{name}\t{scene}\t{name[6:10]}\n" for name, scene, _ in meta)
    for fold in range(1, folds + 1):
        tested = fold - 1 if folds > 1 else None
        train = [f"{name}\t{scene}\n" for name, scene, place in meta if place != tested]
        test = [f"{name}\t{scene}\n" for name, scene, place in meta if place == tested]
        files[f"evaluation_setup/fold{fold}_train.txt"] = "".join(train)
        if test:
            files[f"evaluation_setup/fold{fold}_evaluate.txt"] = "".join(test)
    return files


def dcase_scenes_evaluation(scenes: Iterable[str] = ("beach", "bus", "home"), each: int = 2) -> Layout:
    """Numbered recordings of every scene, two at each place, as TUT Acoustic Scenes 2017 has them for evaluation."""
    meta = [(f"audio/{number}.wav", scene) for number, (scene, _) in enumerate(product(scenes, range(each)))]
    labelled = "".join(f"{name}\t{scene}\n" for name, scene in meta)
    former = [f"audio/e{number // 2:03d}_{10 * number}_{10 * number + 10}.wav" for number in range(len(meta))]
    return dict.fromkeys((name for name, _ in meta), "") | {
        "meta.txt": labelled,
        "evaluation_setup/evaluate.txt": labelled,
        "evaluation_setup/test.txt": "".join(f"{name}\n" for name, _ in meta),
        "evaluation_setup/map.txt": "".join(
            f"{before}\t{name}\n" for before, (name, _) in zip(former, meta, strict=True)
        ),
    }


def dcase_events(
    recordings: int = 8, folds: int = 4, duration_s: float = 2.0, labels: Iterable[str] = ("car", "children", "people")
) -> Layout:
    """Recordings of a street in which every label is heard for a while; fold n tests on every nth recording."""
    names = [f"audio/street/a{number:03d}.wav" for number in range(recordings)]
    events = {
        name: "".join(
            f"{name}\tstreet\t{onset_s:.2f}\t{onset_s + 0.3 * duration_s:.2f}\t{label}\n"
            for place, label in enumerate(labels)
            for onset_s in [(0.2 * place + 0.03 * number) * duration_s]
        )
        for number, name in enumerate(names)
    }
    files: Layout = dict.fromkeys(names, "")
    for fold in range(folds):
        tested = names[fold::folds]
        files[f"evaluation_setup/street_fold{fold + 1}_train.txt"] = "".join(
            events[name] for name in names if name not in tested
        )
        files[f"evaluation_setup/street_fold{fold + 1}_evaluate.txt"] = "".join(events[name] for name in tested)
    return files


def dcase_events_evaluation(
    recordings: int = 3, duration_s: float = 2.0, labels: Iterable[str] = ("car", "children", "people")
) -> Layout:
    """Other recordings of a street, annotated one by one and in a list, as TUT Sound Events 2017 has them."""
    names = [f"audio/street/b{number:03d}.wav" for number in range(recordings)]
    files: Layout = dict.fromkeys(names, "")
    listed = []
    for number, name in enumerate(names):
        events = [
            f"{onset_s:.2f}\t{onset_s + 0.3 * duration_s:.2f}\t{label}\n"
            for place, label in enumerate(labels)
            for onset_s in [(0.2 * place + 0.05 * number) * duration_s]
        ]
        files[f"meta/street/b{number:03d}.ann"] = "".join(events)
        listed += [f"{name}\tstreet\t{event}" for event in events]
    files["evaluation_setup/street_test.txt"] = "".join(f"{name}\tstreet\n" for name in names)
    files["evaluation_setup/street_evaluate.txt"] = "".join(listed)
    return files


def fsdkaggle2018(sounds: Iterable[str] = ("Bark", "Cello", "Oboe"), each: int = 6) -> Layout:
    """Some training and half as many test clips of every sound."""
    files: Layout = {}
    rows: dict[str, list[str]] = {"train": [], "test": []}
    for sound, number in product(sounds, range(each + each // 2)):
        role = "train" if number < each else "test"
        name = f"{sound.lower()}{number}.wav"
        files[f"FSDKaggle2018.audio_{role}/{name}"] = ""
        rows[role].append(f"{name},{sound},{'1' if role == 'train' else 'Public'}\n")
    meta = "FSDKaggle2018.meta"
    files[f"{meta}/train_post_competition.csv"] = "fname,label,manually_verified\n" + "".join(rows["train"])
    files[f"{meta}/test_post_competition_scoring_clips.csv"] = "fname,label,usage\n" + "".join(rows["test"])
    return files


def speech_commands(words: Iterable[str] = ("no", "yes"), speakers: int = 8) -> Layout:
    """Every speaker says every word once; the last two speakers are for testing and validation."""
    said = {(word, speaker): f"{word}/{speaker:08x}_nohash_0.wav" for word, speaker in product(words, range(speakers))}
    lists = {
        table: "".join(f"{name}\n" for (_, speaker), name in said.items() if speaker == chosen)
        for table, chosen in (("validation_list.txt", speakers - 2), ("testing_list.txt", speakers - 1))
    }
    return dict.fromkeys(said.values(), "") | lists


def speech_commands_test_set(words: Iterable[str] = ("no", "yes"), unknown: str = "bed", each: int = 2) -> Layout:
    """Words, one that is no command, and silence, as the archive of the test set has them."""
    files = [f"{word}/{speaker:08x}_nohash_0.wav" for word, speaker in product(words, range(each))]
    files += [f"_unknown_/{unknown}_{speaker:08x}_nohash_0.wav" for speaker in range(each)]
    return dict.fromkeys([*files, *(f"_silence_/{number}.wav" for number in range(each))], "")


def audioset(train: int = 12, test: int = 6) -> Layout:
    """Clips of videos with one or two of three sounds."""
    codes = {"/m/068hy": "Pets", "/m/09x0r": "Speech", "/m/04rlf": "Music"}
    files: Layout = {
        "ontology.json": json.dumps([{"id": code, "name": name, "child_ids": []} for code, name in codes.items()])
    }
    for table, count in (("balanced_train_segments.csv", train), ("eval_segments.csv", test)):
        rows = ["# head\n"]
        for number in range(count):
            video = f"{table[:5]}-{number:05d}"
            chosen = [code for place, code in enumerate(codes) if (number + place) % 3 < 1 + number % 2]
            files[f"clips/{video}_30.wav"] = ""
            rows.append(f'{video}, 30.000, 40.000, "{",".join(chosen)}"\n')
        files[table] = "".join(rows)
    return files


def desed(weak: int = 9, synthetic: int = 9, validation: int = 6, duration_s: float = 2.0) -> Layout:
    """Recordings of three sounds at home: with labels alone, with times, and others with times for testing."""
    labels = ("Dishes", "Dog", "Speech")
    files: Layout = {}
    strong = "filename\tonset\toffset\tevent_label\n"
    rows = ["filename\tevent_labels\n"]
    for number in range(weak):
        files[f"audio/train/weak/Yw{number}.wav"] = ""
        rows.append(f"Yw{number}.wav\t{labels[number % 3]},{labels[(number + 1) % 3]}\n")
    files["metadata/train/weak.tsv"] = "".join(rows)
    for table, count in (("train/synthetic20/soundscapes", synthetic), ("validation/validation", validation)):
        rows = [strong]
        for number, place in product(range(count), range(2)):
            onset_s = duration_s * (0.1 + 0.4 * place + 0.02 * number)
            files[f"audio/{table}/{number}.wav"] = ""
            rows.append(
                f"{number}.wav\t{onset_s:.3f}\t{onset_s + 0.25 * duration_s:.3f}\t{labels[(number + place) % 3]}\n"
            )
        files[f"metadata/{table}.tsv"] = "".join(rows)
    return files
