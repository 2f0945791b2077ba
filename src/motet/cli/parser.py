"""What can be typed: verbs, arguments and help. Each verb's module is imported only when the verb runs."""

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from motet.errors import ConfigError
from motet.version import __version__

Run = Callable[[argparse.Namespace], int]

_DESCRIPTION = "Train one network on many data sets and many tasks at once, from raw recordings to a deployable model."
_FIRST_STEPS = """first steps:
  motet inspect some/folder                         what data hold, and what is wrong with them
  motet train examples/demo.yaml                    run an experiment; again: go on where it stopped
  motet train FILE training.epochs=5 --dry-run      what would run: rows, shapes, parameters, sizes
  motet sweep FILE 'sweep={seed: [1, 2, 3]}'        every variation that a file names
  motet evaluate runs/NAME                          figures of a run, or of a kept epoch
  motet predict runs/NAME some/folder               labels and probabilities of new recordings
  motet predict runs/NAME noisy/ -o cleaned         what a denoising task makes of them, as WAV files
  motet options model.encoder                       every option below a path

Results go to standard output, everything else to standard error.
Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 data, 4 environment, 130 interrupted."""


class Parser(argparse.ArgumentParser):
    """Reports a wrong command line as any other error, with the nearest valid name."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line.

        Raises
        ------
        ConfigError
            Always.
        """
        raise ConfigError(f"{message}; see `{self.prog} --help`")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            from motet.config.wording import did_you_mean

            known = [str(choice) for choice in action.choices]
            named = action.option_strings[0] if action.option_strings else action.metavar or action.dest
            remedy = did_you_mean(str(value), known) or f"; there is {', '.join(known)}"
            raise ConfigError(f"{str(named).lower()} {value!r} is unknown{remedy}")


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Read a command line. Options may stand anywhere, also between the settings of an experiment.

    Raises
    ------
    ConfigError
        If it cannot be understood.
    SystemExit
        After `--help` and `--version`.
    """
    parser = build_parser()
    if not words:
        parser.print_help(sys.stderr)
        raise ConfigError("no verb is given; name one of those above")
    parsed, rest = parser.parse_known_args(words)
    many = getattr(parsed, "many", None)
    unknown = [word for word in rest if many is None or word.startswith("-")]
    if unknown:
        raise ConfigError(f"{unknown[0]!r} is not understood; see `{parsed.named} --help`")
    if many is not None:
        getattr(parsed, many).extend(rest)
    return parsed


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    parser = Parser(
        "motet",
        description=_DESCRIPTION,
        epilog=_FIRST_STEPS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"motet {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for add in (
        _fetch,
        _inspect,
        _extract,
        _train,
        _sweep,
        _transfer,
        _compare,
        _evaluate,
        _predict,
        _options,
        _schema,
        _doctor,
    ):
        add(verbs)
    return parser


def _verb(verbs: Any, name: str, summary: str, explained: str, examples: str) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=summary,
        description=explained,
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verb.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    verb.set_defaults(run=_deferred(name), named=verb.prog)
    return verb


def _deferred(name: str) -> Run:
    def run(arguments: argparse.Namespace) -> int:
        code: int = importlib.import_module(f"motet.cli.{name}").run(arguments)
        return code

    return run


def _experiment(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("file", metavar="FILE", help="the experiment (YAML)")
    verb.add_argument(
        "overrides",
        metavar="key=value",
        nargs="*",
        default=[],
        help="settings by dotted path, in place of the file's: model.encoder.1.cell=lstm",
    )
    verb.set_defaults(many="overrides")
    _allow_code(verb)


def _allow_code(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--allow-code", action="store_true", help="run classes that are named as ./mine.py:Name")


def _workers(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--workers",
        type=_at_least_one,
        metavar="N",
        help="processes that extract features; by default as many as there are processors, where it takes long",
    )


def _jobs(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--jobs",
        type=_at_least_one,
        metavar="N",
        help="points that are trained at a time, in processes of their own; by default one after another",
    )


def _fetch(verbs: Any) -> None:
    verb = _verb(
        verbs,
        "fetch",
        "download a public data set",
        "Download a data set from its publisher, compare its checksum, and unpack it into a folder of its name.\n"
        "A download that was cut goes on where it was. Without a name, list what there is, with size and licence.",
        "  motet fetch\n  motet fetch esc50\n  motet fetch ravdess -o /data",
    )
    verb.add_argument("name", metavar="NAME", nargs="?", help="a data set of the list")
    verb.add_argument("-o", "--output", metavar="DIR", help="folder of all data sets (default: $MOTET_DATA, else data)")
    verb.add_argument("--keep", action="store_true", help="keep the archives beside what was unpacked")


def _inspect(verbs: Any) -> None:
    verb = _verb(
        verbs,
        "inspect",
        "what data hold, and what is wrong with them",
        "Read every recording once and print rows, rates, durations and label tables, and a ranked list of problems\n"
        "with their remedies: leakage between splits, duplicates, silence, clipping, rare labels and others.",
        "  motet inspect sounds.yaml\n"
        "  motet inspect recordings/ -o pictures\n"
        "  motet inspect bonn/ source.rate_hz=173.61 --json",
    )
    verb.add_argument("path", metavar="DATA", help="an experiment (YAML), a folder, a table, or one recording")
    verb.add_argument(
        "overrides",
        metavar="key=value",
        nargs="*",
        help="settings by dotted path; of a folder or table those of source and signal: source.group=speaker",
    )
    verb.add_argument("--most", type=_at_least_one, metavar="N", help="read only N rows of each data set, evenly")
    verb.add_argument("-o", "--output", metavar="DIR", help="draw examples of every label and durations into DIR")
    verb.set_defaults(many="overrides")
    _allow_code(verb)


def _extract(verbs: Any) -> None:
    verb = _verb(
        verbs,
        "extract",
        "fill the feature store, in parallel",
        "Compute and store the features that training would compute first.\n"
        "What is stored is not computed again, whichever experiment it was computed for.",
        "  motet extract sounds.yaml\n  motet extract sounds.yaml features.bands=128 --workers 4",
    )
    _experiment(verb)
    _workers(verb)


def _train(verbs: Any) -> None:
    verb = _verb(
        verbs,
        "train",
        "run an experiment over its folds and seeds; go on where it stopped",
        "Run an experiment over its split or folds and all its seeds, and print the figures on test rows\n"
        "with their 95 % intervals. The same command again goes on where it stopped; finished folds are kept.",
        "  motet train sounds.yaml --dry-run\n"
        "  motet train sounds.yaml training.optimizer.learning_rate=3e-4 -o runs/slow\n"
        "  motet train sounds.yaml model.encoder.1.cell=lstm 'split={kind: kfold, folds: 3}'",
    )
    _experiment(verb)
    verb.add_argument("-o", "--output", metavar="DIR", help="folder of the run (default: runs/NAME)")
    verb.add_argument("--dry-run", action="store_true", help="print what would run, and train nothing")
    _workers(verb)


def _sweep(verbs: Any) -> None:
    verb = _verb(
        verbs,
        "sweep",
        "run an experiment in every variation that its file names; keep what is done",
        "Run every point of a grid: values under `sweep` crossed, those under `together` side by side, data sets or\n"
        "tasks in every combination (`combine`), without the points that `skip` names. Each run lies in DIR/NAME.\n"
        "The same command again keeps finished runs, goes on with begun ones, and makes those of other settings anew.",
        "  motet sweep variations.yaml --dry-run\n"
        "  motet sweep variations.yaml -o sweeps/first\n"
        "  motet sweep sounds.yaml 'sweep={training.optimizer.learning_rate: [1e-3, 1e-4], seed: [1, 2, 3]}'\n"
        "  motet sweep sounds.yaml 'combine={data: all}' --explain\n"
        "  motet sweep variations.yaml --jobs 4",
    )
    _experiment(verb)
    verb.add_argument("-o", "--output", metavar="DIR", help="folder of the sweep (default: sweeps/NAME)")
    verb.add_argument("--dry-run", action="store_true", help="print the points and what would become of them")
    verb.add_argument(
        "--explain", action="store_true", help="say why each run and stored feature is reused or not; run nothing"
    )
    _workers(verb)
    _jobs(verb)


def _transfer(verbs: Any) -> None:
    verb = _verb(
        verbs,
        "transfer",
        "train tasks alone and together, and report what each gains or loses",
        "Train every task alone, with every partner and with all, and compare them on the test rows that they share:\n"
        "differences with intervals, labels that gain or lose, a picture, and what the joint network costs beside the\n"
        "single ones. `combine` in the file says otherwise: {data: [1, 2, all]} for whole data sets, {tasks: all}.",
        "  motet transfer sounds.yaml -o transfer/sounds\n"
        "  motet transfer sounds.yaml 'combine={data: all}' 'seeds=[1, 2, 3]'",
    )
    _experiment(verb)
    verb.add_argument(
        "-o", "--output", metavar="DIR", help="folder of the runs and of the report (default: sweeps/NAME)"
    )
    _workers(verb)
    _jobs(verb)


def _compare(verbs: Any) -> None:
    verb = _verb(
        verbs,
        "compare",
        "differences between runs, with intervals and paired tests",
        "Compare runs with the first of them on the test rows that both predicted: differences with 95 % intervals,\n"
        "a permutation test, and McNemar's test where rows are independent. A sweep stands for its finished runs.",
        "  motet compare runs/first runs/second\n  motet compare sweeps/rates --all --json",
    )
    verb.add_argument(
        "runs", metavar="RUN", nargs="+", help="folders of runs or sweeps; the first run is the reference"
    )
    verb.add_argument("--all", action="store_true", help="print every metric, not only the main one")
    verb.add_argument("--resamples", type=int, default=1000, metavar="N", help="resamples and permutations (1000)")
    verb.set_defaults(many="runs")
    _allow_code(verb)


def _evaluate(verbs: Any) -> None:
    verb = _verb(
        verbs,
        "evaluate",
        "evaluate any kept epoch of a run, on its own or on other data",
        "Predict and score with the models of a run: its test rows, other rows of its own, or other data.",
        "  motet evaluate runs/sounds\n"
        "  motet evaluate runs/sounds --epoch last --part dev\n"
        "  motet evaluate runs/sounds --data other.yaml",
    )
    verb.add_argument("path", metavar="RUN", help="folder of a run")
    verb.add_argument("--epoch", default="best", metavar="EPOCH", help="best (default), last, or a kept epoch's number")
    verb.add_argument("--part", default="test", choices=["train", "dev", "test"], help="which rows (default: test)")
    verb.add_argument("--data", metavar="FILE", help="an experiment whose data sets take the place of the run's own")
    _allow_code(verb)


def _predict(verbs: Any) -> None:
    verb = _verb(
        verbs,
        "predict",
        "labels and probabilities of every task, and clean recordings, for files and folders",
        "Predict every task of a model for recordings, and print a row for each as CSV.\n"
        "Long recordings are cut into segments as in the evaluation of the run. What dense tasks make of a recording\n"
        "(denoised, upsampled, restored) goes to DIR/TASK/NAME.wav, at the model's rate and the recording's level, or\n"
        "to DIR/TASK/NAME.npz where it is no waveform. The table names the files.",
        "  motet predict runs/sounds recordings/ > predictions.csv\n"
        "  motet predict runs/sounds/seed-1/fold-1/best.safetensors bell.wav --json\n"
        "  motet predict runs/sounds recordings/ --fold 1/3 --like esc10 --on-error skip\n"
        "  motet predict runs/denoising noisy/ -o cleaned",
    )
    verb.add_argument("model", metavar="MODEL", help="a saved model, or the folder of a run (its best epoch)")
    verb.add_argument("paths", metavar="PATH", nargs="+", help="recordings, or folders of recordings")
    verb.add_argument("-o", "--output", metavar="DIR", help="write the maps of dense tasks into DIR, outside of PATH")
    verb.add_argument(
        "--like", metavar="DATA_SET", help="prepare recordings as this data set's; needed where they differ"
    )
    verb.add_argument("--fold", metavar="SEED/FOLD", help="model of this seed and fold of a run; by default the first")
    verb.add_argument(
        "--on-error",
        choices=["stop", "skip"],
        default="stop",
        help="recordings that cannot be used: stop and list them (default), or skip and list them",
    )
    verb.set_defaults(many="paths")
    _allow_code(verb)


def _options(verbs: Any) -> None:
    verb = _verb(
        verbs,
        "options",
        "every option with its type, default, unit and meaning",
        "Print the options of an experiment at a dotted path and below it: type, default, unit, meaning,\n"
        "and what may be chosen.",
        "  motet options                     the parts of an experiment\n"
        "  motet options training            a part, and all below it\n"
        "  motet options model.encoder.0     a layer, under each of its kinds",
    )
    verb.add_argument("path", metavar="PATH", nargs="?", default="", help="a dotted path, such as features")


def _schema(verbs: Any) -> None:
    verb = _verb(
        verbs,
        "schema",
        "the JSON Schema of an experiment, for editors",
        "Write the JSON Schema of an experiment file, with which editors complete, explain and check it.\n"
        "Then begin the file with  # yaml-language-server: $schema=motet.schema.json",
        "  motet schema -o motet.schema.json",
    )
    verb.add_argument("-o", "--output", metavar="FILE", help="write it to a file, not to standard output")


def _doctor(verbs: Any) -> None:
    _verb(
        verbs,
        "doctor",
        "is this machine ready: packages, devices, formats, disk",
        "Look at packages, devices, sound formats and the disk, and say what is missing and how to get it.",
        "  motet doctor\n  motet doctor --json",
    )


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1; give 1 or more")
    return int(text)
