"""Data sets with a stable public address.

A checksum here is one that the publisher, or a library that distributes the set, has published; its source stands
beside it. Records of Zenodo tell the checksum of each of their files themselves (`checksum` in the record's JSON,
computed by Zenodo when the authors uploaded it), so none is written down here. Where nobody publishes one, as for the
archives that GitHub makes anew, the digest of the first download is kept beside the data and compared later.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remote:
    """One archive at a fixed address.

    Parameters
    ----------
    url
        Where it lies.
    name
        What the file is called.
    checksum
        `ALGORITHM:HEX` as published; None where nobody publishes one.
    source
        Who publishes the checksum.
    """

    url: str
    name: str
    checksum: str | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class ZenodoRecord:
    """Files of a record of Zenodo, which tells their sizes and checksums itself.

    Parameters
    ----------
    number
        The record.
    files
        Which of its files, with `*` and `?` as wildcards.
    host
        Where the record lies.
    """

    number: int
    files: tuple[str, ...]
    host: str = "https://zenodo.org"


@dataclass(frozen=True, slots=True)
class PublicSet:
    """A data set that can be downloaded.

    Parameters
    ----------
    title
        Its name in full.
    licence
        Under which it may be used; the publisher's page has the last word.
    page
        The publisher's page.
    about_mb
        Size of the download in 10**6 bytes, roughly; None where it is not known before.
    archives
        What is downloaded and unpacked, in this order.
    nested
        Archives inside that are unpacked in turn.
    path
        Where below its folder the recordings begin, for `path` of a source.
    """

    title: str
    licence: str
    page: str
    about_mb: int | None
    archives: tuple[Remote | ZenodoRecord, ...]
    nested: tuple[str, ...] = ()
    path: str = ""


def _github(repository: str) -> Remote:
    name = repository.rpartition("/")[2]
    return Remote(f"https://github.com/{repository}/archive/refs/heads/master.zip", f"{name}.zip")


def _tampere(title: str, number: int, files: str, about_mb: int | None = None) -> PublicSet:
    """Return a set of the university of Tampere."""
    licence = "free for non-commercial use (EULA in the archive)"
    archive = ZenodoRecord(number, (f"{files}.*.zip",))
    return PublicSet(title, licence, f"https://zenodo.org/records/{number}", about_mb, (archive,))


_TORCHAUDIO = "torchaudio, torchaudio/datasets/speechcommands.py, _CHECKSUMS"
_TFDS = "tensorflow_datasets, url_checksums/speech_commands.txt"

PUBLIC_SETS: dict[str, PublicSet] = {
    "audioset-features": PublicSet(
        "AudioSet: VGGish vectors of every second, no recordings",
        "CC BY 4.0",
        "https://research.google.com/audioset/download.html",
        2400,
        (
            Remote(
                "https://storage.googleapis.com/us_audioset/youtube_corpus/v1/features/features.tar.gz",
                "audioset_v1_embeddings.tar.gz",
            ),
        ),
    ),
    "esc50": PublicSet(
        "ESC-50 and ESC-10: environmental sounds",
        "CC BY-NC 3.0 (ESC-10: CC BY 3.0)",
        "https://github.com/karolpiczak/ESC-50",
        600,
        (_github("karolpiczak/ESC-50"),),
    ),
    "fsdd": PublicSet(
        "Free Spoken Digit Dataset",
        "CC BY-SA 4.0",
        "https://github.com/Jakobovski/free-spoken-digit-dataset",
        None,
        (_github("Jakobovski/free-spoken-digit-dataset"),),
        path="recordings",
    ),
    "fsdkaggle2018": PublicSet(
        "FSDKaggle2018: sound events of Freesound",
        "CC BY 4.0 (clips: CC0, CC BY)",
        "https://zenodo.org/records/2552860",
        4900,
        (ZenodoRecord(2552860, ("FSDKaggle2018.*.zip",)),),
    ),
    "gtzan": PublicSet(
        "GTZAN: genres of music",
        "not stated; for research",
        "https://huggingface.co/datasets/marsyas/gtzan",
        1200,
        (Remote("https://huggingface.co/datasets/marsyas/gtzan/resolve/main/data/genres.tar.gz", "genres.tar.gz"),),
    ),
    "mdbdrums": PublicSet(
        "MDB Drums: drum onsets",
        "CC BY-NC-SA 4.0",
        "https://github.com/CarlSouthall/MDBDrums",
        None,
        (_github("CarlSouthall/MDBDrums"),),
        path="MDB Drums",
    ),
    "ravdess": PublicSet(
        "RAVDESS: emotional speech, sound only",
        "CC BY-NC-SA 4.0",
        "https://zenodo.org/records/1188976",
        208,
        (ZenodoRecord(1188976, ("Audio_Speech_Actors_01-24.zip",)),),
    ),
    "speech-commands": PublicSet(
        "Speech Commands v0.02",
        "CC BY 4.0",
        "https://arxiv.org/abs/1804.03209",
        2429,
        (
            Remote(
                "https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
                "speech_commands_v0.02.tar.gz",
                "sha256:af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58",
                _TORCHAUDIO,
            ),
        ),
    ),
    "speech-commands-test": PublicSet(
        "Speech Commands v0.02, the archive of its test set",
        "CC BY 4.0",
        "https://arxiv.org/abs/1804.03209",
        113,
        (
            Remote(
                "https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_test_set_v0.02.tar.gz",
                "speech_commands_test_set_v0.02.tar.gz",
                "sha256:cc2a00c1147c2254e9be3fa0f779d8c17421dc349b86366567a8edfa9acd51df",
                _TFDS,
            ),
        ),
    ),
    "tau-scenes-2019": _tampere(
        "TAU Urban Acoustic Scenes 2019, development: DCASE 2019 task 1A",
        2589280,
        "TAU-urban-acoustic-scenes-2019-development",
    ),
    "tau-scenes-2020-mobile": _tampere(
        "TAU Urban Acoustic Scenes 2020 Mobile, development: DCASE 2020 and 2021 task 1A",
        3819968,
        "TAU-urban-acoustic-scenes-2020-mobile-development",
    ),
    "tau-scenes-2022-mobile": _tampere(
        "TAU Urban Acoustic Scenes 2022 Mobile, development: DCASE 2022 task 1",
        6337421,
        "TAU-urban-acoustic-scenes-2022-mobile-development",
    ),
    "tut-events-2016": _tampere(
        "TUT Sound Events 2016, development: DCASE 2016 task 3", 45759, "TUT-sound-events-2016-development", 1014
    ),
    "tut-events-2016-evaluation": _tampere(
        "TUT Sound Events 2016, evaluation", 996424, "TUT-sound-events-2016-evaluation", 471
    ),
    "tut-events-2017": _tampere(
        "TUT Sound Events 2017, development: DCASE 2017 task 3", 814831, "TUT-sound-events-2017-development"
    ),
    "tut-events-2017-evaluation": _tampere(
        "TUT Sound Events 2017, evaluation", 1040179, "TUT-sound-events-2017-evaluation", 388
    ),
    "tut-scenes-2016": _tampere(
        "TUT Acoustic Scenes 2016, development: DCASE 2016 task 1", 45739, "TUT-acoustic-scenes-2016-development"
    ),
    "tut-scenes-2016-evaluation": _tampere(
        "TUT Acoustic Scenes 2016, evaluation", 165995, "TUT-acoustic-scenes-2016-evaluation", 2675
    ),
    "tut-scenes-2017": _tampere(
        "TUT Acoustic Scenes 2017, development: DCASE 2017 task 1",
        400515,
        "TUT-acoustic-scenes-2017-development",
        10700,
    ),
    "tut-scenes-2017-evaluation": _tampere(
        "TUT Acoustic Scenes 2017, evaluation", 1040168, "TUT-acoustic-scenes-2017-evaluation"
    ),
    "tut-urban-scenes-2018": _tampere(
        "TUT Urban Acoustic Scenes 2018, development: DCASE 2018 task 1A",
        1228142,
        "TUT-urban-acoustic-scenes-2018-development",
    ),
    "ucihar": PublicSet(
        "UCI HAR: activities from a smartphone's sensors",
        "CC BY 4.0",
        "https://archive.ics.uci.edu/dataset/240/human+activity+recognition+using+smartphones",
        60,
        (
            Remote(
                "https://archive.ics.uci.edu/static/public/240/human+activity+recognition+using+smartphones.zip",
                "human-activity-recognition.zip",
            ),
        ),
        nested=("UCI HAR Dataset.zip",),
        path="UCI HAR Dataset",
    ),
    "urbansound8k": PublicSet(
        "UrbanSound8K: sounds of the city in ten folds",
        "CC BY-NC 3.0",
        "https://zenodo.org/records/1203745",
        6000,
        (ZenodoRecord(1203745, ("UrbanSound8K.tar.gz",)),),
    ),
}
