"""What can be typed: verbs, arguments and help. Each verb's module is imported only when the verb runs."""

import argparse
import importlib
from collections.abc import Callable

from motet import __version__

Run = Callable[[argparse.Namespace], int]

_DESCRIPTION = "Train one network on many data sets and many tasks at once, from raw recordings to a deployable model."
_EPILOG = """first steps:
  motet train examples/fsdd.yaml                    run an experiment; again: go on where it stopped
  motet train FILE training.epochs=5 --dry-run      what would run: rows, shapes, parameters, sizes
  motet evaluate runs/NAME                          figures of a run, or of a kept epoch
  motet predict runs/NAME some/folder --csv         labels and probabilities of new recordings
  motet options model.encoder                       every option below a path

exit codes: 0 done, 1 failed, 2 usage or configuration, 3 data, 4 environment, 130 interrupted"""
_OVERRIDES = "settings by dotted path, such as training.optimizer.learning_rate=3e-4 or model.encoder.1.cell=lstm"


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    parser = argparse.ArgumentParser(
        "motet",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"motet {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    _extract(verbs)
    _train(verbs)
    _evaluate(verbs)
    _predict(verbs)
    _options(verbs)
    _schema(verbs)
    _doctor(verbs)
    return parser


Verbs = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _verb(verbs: Verbs, name: str, help_: str, description: str = "") -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(  # type: ignore[attr-defined]
        name,
        help=help_,
        description=description or help_[0].upper() + help_[1:] + ".",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    verb.set_defaults(run=_deferred(name))
    return verb


def _deferred(name: str) -> Run:
    def run(arguments: argparse.Namespace) -> int:
        module = importlib.import_module(f"motet.cli.{name}")
        code: int = module.run(arguments)
        return code

    return run


def _experiment(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("file", metavar="FILE", help="the experiment (YAML)")
    verb.add_argument("overrides", metavar="key=value", nargs="*", help=_OVERRIDES)
    _allow_code(verb)


def _allow_code(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--allow-code", action="store_true", help="run the classes that the file names as ./mine.py:Name")


def _workers(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--workers", type=int, metavar="N", help="processes that extract; 1 for none beside this one; "
                      "by default one a processor where there is much to do")  # fmt: skip


def _extract(verbs: Verbs) -> None:
    verb = _verb(verbs, "extract", "fill the feature store, in parallel",
                 "Compute and store what training would compute first. What is stored is not computed again.")  # fmt: skip
    _experiment(verb)
    _workers(verb)


def _train(verbs: Verbs) -> None:
    verb = _verb(verbs, "train", "run the experiment over its split or folds; go on where it stopped",
                 "Run the experiment over its split or folds and all its seeds. The same command again goes on where "
                 "it stopped; finished folds are kept.")  # fmt: skip
    _experiment(verb)
    verb.add_argument("-o", "--output", metavar="DIR", help="folder of the run (default: runs/NAME)")
    verb.add_argument("--dry-run", action="store_true", help="print what would run, and read no recording")
    _workers(verb)


def _evaluate(verbs: Verbs) -> None:
    verb = _verb(verbs, "evaluate", "evaluate any kept epoch of a run, on its own or on other data")
    verb.add_argument("path", metavar="RUN", help="folder of a run")
    verb.add_argument("--epoch", default="best", metavar="EPOCH", help="best (default), last, or a kept epoch's number")
    verb.add_argument("--part", default="test", choices=["train", "dev", "test"], help="which rows (default: test)")
    verb.add_argument(
        "--data", metavar="FILE", help="an experiment whose data sets are evaluated in place of the run's own"
    )
    _allow_code(verb)


def _predict(verbs: Verbs) -> None:
    verb = _verb(verbs, "predict", "labels and probabilities of every task for files and folders")
    verb.add_argument("model", metavar="MODEL", help="a saved model, or the folder of a run (its best epoch)")
    verb.add_argument("paths", metavar="PATH", nargs="+", help="recordings, or folders of recordings")
    verb.add_argument(
        "--like",
        metavar="DATA_SET",
        help="prepare the recordings as this data set's; needed where they differ",
    )
    verb.add_argument(
        "--fold",
        metavar="S/K",
        help="model of this seed and fold of a run, such as 1/3; by default the first",
    )
    verb.add_argument("--on-error", choices=["fail", "skip"], default="fail", help="what to do with unreadable files")
    _allow_code(verb)


def _options(verbs: Verbs) -> None:
    verb = _verb(verbs, "options", "every option with its type, default, unit and meaning")
    verb.add_argument(
        "path",
        metavar="PATH",
        nargs="?",
        default="",
        help="a dotted path, such as model.encoder.0 or features",
    )


def _schema(verbs: Verbs) -> None:
    verb = _verb(verbs, "schema", "the JSON Schema of an experiment, for editors")
    verb.add_argument("-o", "--output", metavar="FILE", help="write it to a file")


def _doctor(verbs: Verbs) -> None:
    _verb(verbs, "doctor", "is this machine ready: versions, devices, extras")
