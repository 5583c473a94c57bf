"""`FILE.toml`: models and recipes, datasets, seeds and options, and the points that their product is."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_origin, get_type_hints

from harness.documents import typed
from harness.engines.job import NativeSettings
from harness.errors import HarnessError, RunError, UnknownNameError
from harness.images.geometry import parsed_size
from harness.metrics.registry import COLUMNS, PAIRED, TOTALS, UNPAIRED, find_metrics
from harness.testing.request import TestRequest
from harness.training.train_request import TrainRequest
from harness.workspace import NAME_BYTES, checked_name, shortened

EXAMPLE = "`harness sweep --help` shows a file"
NATIVE = get_type_hints(NativeSettings)
# What the file says elsewhere, what the command line says, and what is of one run alone.
_ELSEWHERE = {
    *("model", "dataset", "seed", "seeds", "name", "lang", "command", "device", "native", "weights", "processes"),
    *("task", "tensorboard", "samples", "devices", "lua_seed", "lua_order", "threads"),
}
TEST = {key: hint for key, hint in {**get_type_hints(TestRequest), **NATIVE}.items() if key not in _ELSEWHERE}
TRAIN = {key: hint for key, hint in get_type_hints(TrainRequest).items() if key not in _ELSEWHERE}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How the best is chosen, named before anything is computed.

    Attributes:
        metric: a number of an image or of a set, such as `ssim` or `fid`, that has a better side.
        on: the part of each dataset that it is chosen on.
        report: the part that the chosen one is then measured on.
        same_pictures: says that both are meant to be one part, whose number flatters what was chosen on it.
    """

    metric: str
    on: str
    report: str
    same_pictures: bool = False

    @property
    def sign(self) -> int:
        """1 where more is better, else -1."""
        return 1 if (COLUMNS | TOTALS)[self.metric].better == "higher" else -1


@dataclass(frozen=True, kw_only=True)
class _Content:
    name: str | None = None
    models: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0,)
    choose: dict[str, Any] | None = None
    test: dict[str, Any] = field(default_factory=dict)
    train: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Point:
    """One test, or one training and its test.

    Attributes:
        words: what the file says of it, by name: `model` or recipe, `dataset`, `seed` and every option.
        test: on the part that a rule chooses on; of a training without its model.
        labels: what its run and its training are called, but for their keys: what sets them apart.
    """

    words: Mapping[str, str]
    test: TestRequest
    train: TrainRequest | None = None
    labels: tuple[str, str] = ("", "")


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """What a file asks for; `text` is the file as it was read.

    Attributes:
        varied: the names by which points differ: the model, what is trained, what is tested, the seed.
    """

    file: Path
    text: str
    name: str
    rule: Rule | None
    varied: tuple[str, ...]
    points: tuple[Point, ...]


def read_sweep(file: Path) -> Sweep:
    """Reads a file and returns its points, each once, in the file's order.

    Raises:
        RunError, UnknownNameError: the file is missing, is no TOML, or says what cannot be meant; names file and key.
    """
    if not file.is_file():
        raise RunError(f"there is no file `{file}`", EXAMPLE)
    with located(file):
        text = file.read_text(encoding="utf-8-sig")  # as editors of Windows begin it
        content = tomllib.loads(text)
        _known(content, (f.name for f in fields(_Content)))
        said: _Content = typed(_Content, content)
        name, rule = checked_name(said.name or file.stem, "sweep"), _rule(said)
        points = list(_points(said, rule))
    names = dict.fromkeys(name for point in points for name in point.words)
    differing = [n for n in names if n == "model" or len({p.words[n] for p in points if n in p.words}) > 1]
    varied = sorted(differing, key=lambda n: (n != "model", n == "seed", n in TEST))
    labelled = tuple(replace(point, labels=_labels(name, varied, point)) for point in points)
    return Sweep(file=file, text=text, name=name, rule=rule, varied=tuple(varied), points=labelled)


def _labels(sweep: str, varied: Sequence[str], point: Point) -> tuple[str, str]:
    named = {
        n: point.words[n] if n in {"model", "dataset"} else f"{n}-{point.words[n]}" for n in varied if n in point.words
    }
    # Of a training without what only its tests differ by.
    made = ([sweep, *(w for n, w in named.items() if n in TRAIN or n not in TEST or not t)] for t in (False, True))
    # Room for what a key, and a training's tests, add.
    run, training = (re.sub(r"[/\\:\s]+", "-", shortened("-".join(words), NAME_BYTES - 60)) for words in made)
    return run, training


@contextmanager
def located(file: Path, place: str = "") -> Iterator[None]:
    """Names the file, and the place in it, in whatever error is raised."""
    at = f"`{file}`, {place}" if place else f"`{file}`"
    try:
        yield
    except HarnessError as error:
        raise error.restated(f"{at}: {error.message}") from error
    except ValueError as error:  # UnicodeDecodeError and TOMLDecodeError are ones, and what `typed` raises
        raise RunError(f"{at}: {error}", EXAMPLE) from error


def _known(table: Mapping[str, Any], known: Iterable[str], place: str = "") -> None:
    names = list(known)
    for key in table:
        if key not in names:
            raise UnknownNameError(f"key of `[{place}]`" if place else "key", key, names)


def _rule(said: _Content) -> Rule | None:
    if said.choose is None:
        return None
    _known(said.choose, (f.name for f in fields(Rule)), "choose")
    rule: Rule = typed(Rule, said.choose, "choose")
    numbers = COLUMNS | TOTALS
    if rule.metric not in numbers:
        raise UnknownNameError("number", rule.metric, numbers)
    if numbers[rule.metric].better is None:
        raise RunError(f"`choose.metric` is `{rule.metric}`, of which neither more nor less is better", EXAMPLE)
    asked = find_metrics(typed(tuple[str, ...], said.test.get("metrics", []), "test.metrics")) or (*PAIRED, *UNPAIRED)
    if not {*find_metrics([rule.metric])} & {*asked}:
        raise RunError(
            f"`choose.metric` is `{rule.metric}`, which `test.metrics` does not measure: add it there", EXAMPLE
        )
    if "split" in said.test:
        raise RunError("`test.split` has no place beside `choose.on` and `choose.report`: leave it out", EXAMPLE)
    if rule.on == rule.report and not rule.same_pictures:
        raise RunError(
            f"`choose.on` and `choose.report` are both `{rule.on}`: a number flatters what was chosen by it",
            "choose on another part, such as `val`, or say `same_pictures = true`, which the page will tell",
        )
    return rule


def _points(said: _Content, rule: Rule | None) -> Iterator[Point]:
    for name, several in (("models", said.models), ("datasets", said.datasets), ("seeds", said.seeds)):
        if len({*several}) < len(several):
            raise RunError(f"`{name}` names one of {', '.join(map(str, several))} twice", EXAMPLE)
    if not said.seeds or not (said.models or said.train):
        raise RunError(
            "nothing is to be computed: it needs `models` or a recipe `[train.NAME]`, and a seed at least", EXAMPLE
        )
    if said.train and not said.datasets:
        raise RunError("`datasets` is missing: what the recipes train on", EXAMPLE)
    tests = _variants(said.test, TEST, "test")
    begun: list[tuple[str, _Variant, TrainRequest | None]] = [(model, _Variant(), None) for model in said.models]
    begun += [(name, variant, request) for name in said.train for variant, request in _recipe(name, said.train[name])]
    datasets: tuple[str | None, ...] = said.datasets or (None,)
    for (model, made, recipe), dataset, test, seed in itertools.product(begun, datasets, tests, said.seeds):
        if twice := made.words.keys() & test.words.keys():
            raise RunError(
                f"`{min(twice)}` stands in `[test]` and in `[train.{model}]`: one of them is enough", EXAMPLE
            )
        native = NativeSettings(**{key: value for key, value in test.values.items() if key in NATIVE})
        own = {key: value for key, value in test.values.items() if key not in NATIVE}
        on: dict[str, Any] = {"split": rule.on} if rule else {}
        yield Point(
            words={"model": model, **({"dataset": dataset} if dataset else {}), **made.words, **test.words}
            | {"seed": str(seed)},
            test=TestRequest(model=model, dataset=dataset, seed=seed, native=native, **own, **on),
            train=replace(recipe, dataset=str(dataset), seed=seed) if recipe else None,
        )


@dataclass(frozen=True)
class _Variant:
    """One combination of a table's values: as the file writes them, and as fields of a request."""

    words: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


def _recipe(name: str, table: dict[str, Any]) -> Iterator[tuple[_Variant, TrainRequest]]:
    place = f"train.{checked_name(name, 'recipe')}"
    options = typed(dict[str, Any], table.get("options", {}), f"{place}.options")
    # Their parser knows its options and types; it is asked before the first training.
    theirs = _variants(options, dict.fromkeys(options, int | float | str | bool), f"{place}.options")
    ours = _variants({key: value for key, value in table.items() if key != "options"}, TRAIN, place)
    for own, given in itertools.product(ours, theirs):
        words = [
            (f"--{key}", *([] if value is True else [str(value)]))
            for key, value in sorted(given.values.items())
            if value is not False
        ]
        request = TrainRequest(dataset="", options=tuple(itertools.chain(*words)), **own.values)
        yield _Variant({**own.words, **given.words}), request


def _variants(table: Mapping[str, Any], hints: Mapping[str, Any], place: str) -> list[_Variant]:
    """Every combination of a table's values, where a list stands for several of them."""
    _known(table, (key.rstrip("_") for key in hints), place)  # `compile_`
    choices = []
    for key, given in table.items():
        name = key if key in hints else f"{key}_"
        several = given if isinstance(given, list) and get_origin(hints[name]) is not tuple else [given]
        words = [str(one).lower() if isinstance(one, bool) else str(one) for one in several]
        if len({*words}) < len(words) or not words:
            raise RunError(
                f"`{place}.{key}` names {'one value twice' if words else 'no value, and so no point'}", EXAMPLE
            )
        values = [_value(name, one, hints[name], f"{place}.{key}") for one in several]
        choices.append([_Variant({key: word}, {name: value}) for word, value in zip(words, values, strict=True)])
    return [
        _Variant(
            {k: w for v in chosen for k, w in v.words.items()}, {k: w for v in chosen for k, w in v.values.items()}
        )
        for chosen in itertools.product(*choices)
    ]


def _value(name: str, given: Any, hint: Any, place: str) -> Any:
    if name == "size":
        return parsed_size(str(given))
    value = typed(hint, given, place)
    if hint in {int, int | None} and value is not None and value < (name != "overlap"):
        raise RunError(f"`{place}` is {value}, where 1 or more was expected", EXAMPLE)
    return value
