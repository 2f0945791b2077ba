import json
import platform

import torch

from motet.runs.environment import EXTRAS, PACKAGES, describe_environment, version


def test_it_names_what_a_run_ran_on() -> None:
    found = describe_environment()
    assert found["python"] == platform.python_version()
    assert found["packages"]["torch"] == version("torch") == str(torch.__version__)
    assert set(found["packages"]) == set(PACKAGES)
    assert found["threads"] == torch.get_num_threads()
    assert json.loads(json.dumps(found)) == found


def test_a_package_that_is_not_there_has_no_version() -> None:
    assert version("no-such-package-at-all") is None
    assert {name for packages in EXTRAS.values() for name in packages} >= {"pyarrow", "tensorboardX", "matplotlib"}
