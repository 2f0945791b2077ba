"""Every reader keeps the contract of a source on a tree of its publisher's layout, with recordings that can be read."""

from pathlib import Path
from typing import Any

import pytest

from motet.testing import check_source
from tests.sources.corpora import layouts
from tests.sources.corpora.layouts import Layout, write_layout

LAYOUTS: dict[str, Layout] = {
    "esc": {
        "audio/1-100032-A-0.wav": "",
        "audio/2-9-A-14.wav": "",
        "meta/esc50.csv": "filename,fold,target,category,esc10,src_file,take\n1-100032-A-0.wav,1,0,dog,True,100032,A\n"
        "2-9-A-14.wav,2,14,chirping_birds,False,9,A\n",
    },
    "ravdess": layouts.ravdess(),
    "mdb_drums": {
        "audio/drum_only/MusicDelta_Punk_Drum.wav": "",
        "audio/drum_only/MusicDelta_Rock_Drum.wav": "",
        "annotations/class/MusicDelta_Punk_class.txt": "0.020000 \t KD \n0.030000 \t SD \n",
        "annotations/class/MusicDelta_Rock_class.txt": "0.010000 \t SD \n",
    },
    "speech_commands": layouts.speech_commands(),
    "speech_commands for testing": layouts.speech_commands_test_set(),
    "urbansound8k": {
        "audio/fold5/100032-3-0-0.wav": "",
        "audio/fold10/100263-2-0-117.wav": "",
        "metadata/UrbanSound8K.csv": "slice_file_name,fsID,start,end,salience,fold,classID,class\n"
        "100032-3-0-0.wav,100032,0.0,0.3,1,5,3,dog_bark\n100263-2-0-117.wav,100263,58.5,62.5,2,10,2,siren\n",
    },
    "gtzan": {"genres/blues/blues.00000.au": "", "genres/jazz/jazz.00000.au": ""},
    "dcase_scenes": layouts.dcase_scenes(folds=4),
    "dcase_events": layouts.dcase_events(duration_s=0.1),
    "dcase_scenes for evaluation": layouts.dcase_scenes_evaluation(),
    "dcase_events for evaluation": layouts.dcase_events_evaluation(duration_s=0.1),
    "asvspoof2015": layouts.asvspoof2015(),
    "fsdkaggle2018": layouts.fsdkaggle2018(),
    "audioset": layouts.audioset(),
    "ambient_contexts": {
        "id_-kyuX8l4VWY_30_40/id_-kyuX8l4VWY_30_40_00.wav": "",
        "id_-kyuX8l4VWY_30_40/id_-kyuX8l4VWY_30_40_00_labels.txt": '69,/m/03qtwd,"Crowd"\n',
        "id_C9qQ-2zeX0E_30_40/id_C9qQ-2zeX0E_30_40_02.wav": "",
        "id_C9qQ-2zeX0E_30_40/id_C9qQ-2zeX0E_30_40_02_labels.txt": '-1,none,"None of the above"\n',
    },
    "desed": layouts.desed(duration_s=0.1),
    "compare": {
        "wav/train_0001.wav": "",
        "wav/devel_0001.wav": "",
        "wav/test_0001.wav": "",
        "lab/labels.csv": "file_name,label\ntrain_0001.wav,mask\ndevel_0001.wav,clear\ntest_0001.wav,?\n",
    },
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_readers_keep_the_contract(name: str, tmp_path: Path) -> None:
    write_layout(tmp_path, LAYOUTS[name], duration_s=0.1)
    settings: dict[str, Any] = {"kind": name.split()[0], "path": str(tmp_path)}
    check_source(settings)
