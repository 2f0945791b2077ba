"""Every reader keeps the contract of a source on a tree of its publisher's layout, with recordings that can be read."""

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from motet.signals.readers.by_suffix import SOUND_SUFFIXES
from motet.testing import check_source

LAYOUTS: dict[str, dict[str, str]] = {
    "esc": {
        "audio/1-100032-A-0.wav": "",
        "audio/2-9-A-14.wav": "",
        "meta/esc50.csv": "filename,fold,target,category,esc10,src_file,take\n1-100032-A-0.wav,1,0,dog,True,100032,A\n"
        "2-9-A-14.wav,2,14,chirping_birds,False,9,A\n",
    },
    "ravdess": {"Actor_01/03-01-01-01-01-01-01.wav": "", "Actor_02/03-01-06-02-02-02-02.wav": ""},
    "mdb_drums": {
        "audio/drum_only/MusicDelta_Punk_Drum.wav": "",
        "audio/drum_only/MusicDelta_Rock_Drum.wav": "",
        "annotations/class/MusicDelta_Punk_class.txt": "0.020000 \t KD \n0.030000 \t SD \n",
        "annotations/class/MusicDelta_Rock_class.txt": "0.010000 \t SD \n",
    },
    "speech_commands": {
        "yes/00176480_nohash_0.wav": "",
        "no/0a7c2a8d_nohash_0.wav": "",
        "no/d5b963aa_nohash_0.wav": "",
        "validation_list.txt": "no/0a7c2a8d_nohash_0.wav\n",
        "testing_list.txt": "no/d5b963aa_nohash_0.wav\n",
    },
    "urbansound8k": {
        "audio/fold5/100032-3-0-0.wav": "",
        "audio/fold10/100263-2-0-117.wav": "",
        "metadata/UrbanSound8K.csv": "slice_file_name,fsID,start,end,salience,fold,classID,class\n"
        "100032-3-0-0.wav,100032,0.0,0.3,1,5,3,dog_bark\n100263-2-0-117.wav,100263,58.5,62.5,2,10,2,siren\n",
    },
    "gtzan": {"genres/blues/blues.00000.au": "", "genres/jazz/jazz.00000.au": ""},
    "dcase_scenes": {
        "audio/b020_90_100.wav": "",
        "audio/b007_0_10.wav": "",
        "meta.txt": "audio/b020_90_100.wav\tbeach\tb020\naudio/b007_0_10.wav\tbus\tb007\n",
        "evaluation_setup/fold1_train.txt": "audio/b020_90_100.wav\tbeach\n",
        "evaluation_setup/fold1_test.txt": "audio/b007_0_10.wav\n",
        "evaluation_setup/fold2_train.txt": "audio/b007_0_10.wav\tbus\n",
        "evaluation_setup/fold2_evaluate.txt": "audio/b020_90_100.wav\tbeach\n",
    },
    "dcase_events": {
        "audio/street/a001.wav": "",
        "audio/street/a003.wav": "",
        "evaluation_setup/street_fold1_train.txt": "audio/street/a001.wav\tstreet\t0.01\t0.05\tcar\n",
        "evaluation_setup/street_fold1_evaluate.txt": "audio/street/a003.wav\tstreet\t0.0\t0.02\tchildren\n",
    },
    "asvspoof2015": {
        "wav/T1/T1_1000001.wav": "",
        "wav/D1/D1_1000001.wav": "",
        "wav/E1/E1_1000001.wav": "",
        "CM_protocol/cm_train.trn": "T1 T1_1000001 human human\n",
        "CM_protocol/cm_develop.ndx": "D1 D1_1000001 S2 spoof\n",
        "CM_protocol/cm_evaluation.ndx": "E1 E1_1000001 S10 spoof\n",
    },
    "fsdkaggle2018": {
        "FSDKaggle2018.audio_train/00044347.wav": "",
        "FSDKaggle2018.audio_test/00326aa9.wav": "",
        "FSDKaggle2018.meta/train_post_competition.csv": "fname,label,manually_verified\n00044347.wav,Oboe,0\n",
        "FSDKaggle2018.meta/test_post_competition_scoring_clips.csv": "fname,label,usage\n00326aa9.wav,Cello,Public\n",
    },
    "audioset": {
        "clips/--4gqARaEJE_0.wav": "",
        "clips/_zZ0XnQwLRI_30.wav": "",
        "balanced_train_segments.csv": '# head\n--4gqARaEJE, 0.000, 10.000, "/m/068hy,/m/09x0r"\n',
        "eval_segments.csv": '# head\n_zZ0XnQwLRI, 30.000, 40.000, "/m/09x0r"\n',
        "ontology.json": '[{"id": "/m/068hy", "name": "Pets", "child_ids": []}, '
        '{"id": "/m/09x0r", "name": "Speech", "child_ids": []}]',
    },
    "ambient_contexts": {
        "id_-kyuX8l4VWY_30_40/id_-kyuX8l4VWY_30_40_00.wav": "",
        "id_-kyuX8l4VWY_30_40/id_-kyuX8l4VWY_30_40_00_labels.txt": '69,/m/03qtwd,"Crowd"\n',
        "id_C9qQ-2zeX0E_30_40/id_C9qQ-2zeX0E_30_40_02.wav": "",
        "id_C9qQ-2zeX0E_30_40/id_C9qQ-2zeX0E_30_40_02_labels.txt": '-1,none,"None of the above"\n',
    },
    "compare": {
        "wav/train_0001.wav": "",
        "wav/devel_0001.wav": "",
        "wav/test_0001.wav": "",
        "lab/labels.csv": "file_name,label\ntrain_0001.wav,mask\ndevel_0001.wav,clear\ntest_0001.wav,?\n",
    },
}


@pytest.mark.parametrize("kind", LAYOUTS)
def test_readers_keep_the_contract(kind: str, tmp_path: Path) -> None:
    for name, text in LAYOUTS[kind].items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in SOUND_SUFFIXES:
            noise = np.random.default_rng(zlib.crc32(name.encode())).normal(scale=0.1, size=800)
            soundfile.write(path, noise, 8000)
        else:
            path.write_text(text)
    settings: dict[str, Any] = {"kind": kind, "path": str(tmp_path)}
    check_source(settings)
