"""How a run was made: the command to make it again, facts with links, licences, citations, and the record in full."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from harness.catalog.citations import CITATIONS, Citation, citations_of
from harness.catalog.datasets import DATASETS
from harness.catalog.models import MODELS
from harness.catalog.repositories import LUA, PYTORCH
from harness.runs.record import FILE, FORMAT, IMAGES, RunRecord, small_document
from harness.web.language import Language
from harness.web.privacy import public_command, public_word, without_paths

_MOST = 100
_LUA_DIFFERS = ("resampling", "dropout", "statistics", "jpeg")  # where its numbers part from the PyTorch code's
_TALK = {"-q", "--quiet", "--json"}  # how a command speaks, not what it makes


@dataclass(frozen=True)
class Fact:
    """One line; `kind` is `text`, `code` or `hash`, `link` an https address or None."""

    label: str
    value: str
    kind: str = "text"
    link: str | None = None


@dataclass(frozen=True)
class Provenance:
    """See the module. `typed` is the command as it was given, `again` the one that gives the same run."""

    typed: str
    again: str
    groups: tuple[tuple[str, tuple[Fact, ...]], ...]
    licences: tuple[Fact, ...]
    citations: tuple[Citation, ...]
    record: str

    @property
    def bibtex(self) -> str:
        return "\n\n".join(citation.bibtex for citation in self.citations)


def provenance(record: RunRecord, language: Language) -> Provenance:
    """Returns what a reader needs to check or repeat a run, without paths of the machine it ran on."""
    return Provenance(
        typed=public_command(record.command),
        again=command_again(record),
        groups=_groups(record, language),
        licences=_licences(record, language),
        citations=_citations(record),
        record=json.dumps(_shown_record(record), indent=2, ensure_ascii=False),
    )


def _shown_record(record: RunRecord) -> Any:
    count = len(record.images)
    more = [f"… {count - 3} more, all in {IMAGES}, in format 1 in {FILE}"] if count > _MOST else []
    images = [*islice(record.images, 3 if more else None), *more]
    return scrubbed({"format": FORMAT, **small_document(record), "images": images})


def command_again(record: RunRecord) -> str:
    """Returns the command that makes the run again from the same set and weights, typed in the workspace."""
    typed = _typed(record.command)
    # The demo draws its pictures and brings its weights; `harness test` on their paths would find neither elsewhere.
    if typed.name == "demo":
        return _command("demo", *(word for word in typed.words if word not in _TALK))
    test_set, native, extra = record.test_set, record.extra.get("native") or {}, record.extra
    # What was recorded goes first, for what was typed leaves out defaults; typed words serve records that are older.
    options = {
        "--model": record.model["id"],
        "--dataset": _dataset(record, typed),
        "--split": test_set.get("split"),
        # A recorded None means all pictures, so the typed limit counts only where the key itself is missing.
        "--limit": test_set["limit"] if "limit" in test_set else typed.value("--limit"),
        "--engine": record.engine,
        "--mode": record.mode,
        "--seed": record.seed,
        "--device": record.device,
        "--size": _size(test_set.get("size")),
        "--weights": _weights(record, typed),
        # What every run does that is not told otherwise is not worth an option.
        "--seeds": seeds if (seeds := extra.get("seeds") or native.get("samples")) not in {None, 1} else None,
        "--metrics": ",".join(extra.get("metrics") or ()) or None,
        "--precision": native.get("precision") if native.get("precision") != "fp32" else None,
        "--batch-size": native.get("batch_size"),
        "--tiled": native.get("tiled"),
        "--overlap": native.get("overlap"),
        "--devices": ",".join(native.get("devices") or ()) or None,
        "--lua-seed": native.get("lua_seed"),
        "--lua-order": ",".join(native.get("lua_order") or ()) or None,
    }
    flags = {
        "--compile": native.get("compile_"),
        "--no-full": extra.get("full") is False,
        "--follow-links": test_set.get("follow_links", "--follow-links" in typed.words),
    }
    return _command("test", *_words(options), *(flag for flag, is_set in flags.items() if is_set))


def command_to_play(record: RunRecord) -> str:
    """Returns the command that opens a picture of the run to be drawn on; the picture's name is to follow."""
    typed, size = _typed(record.command), record.test_set.get("size")
    of_demo = typed.name == "demo"
    options = {
        "--weights": None if of_demo else _weights(record, typed),
        "--dataset": _dataset(record, typed),
        "--mode": record.mode if record.mode != "paper" else None,
        "--seed": record.seed,
        "--size": _size(size) if isinstance(size, list | tuple) else None,
    }
    return _command("play", "demo" if of_demo else record.model["id"], *_words(options), "--picture")


def _command(*words: str) -> str:
    return without_paths(shlex.join(["harness", *words]))


def _words(options: Mapping[str, object]) -> list[str]:
    return [word for option, value in options.items() if value is not None for word in (option, str(value))]


def _dataset(record: RunRecord, typed: _Typed) -> str:
    return str(record.test_set.get("reference") or typed.path("--dataset", "-d") or record.test_set["name"])


@dataclass(frozen=True)
class _Typed:
    """A command line of ours as it was typed: its command, and the words that follow."""

    name: str
    words: tuple[str, ...]

    def value(self, *options: str) -> str | None:
        """The last value of an option, written in either way."""
        found = None
        for word, following in zip(self.words, (*self.words[1:], ""), strict=False):
            # `--seed=3` and `--seed 3`; where an option is given twice the last one counts, as click has it.
            option, equals, value = word.partition("=")
            if option in options:
                found = value if equals else following
        return found

    def path(self, *options: str) -> str | None:
        """The value of an option that names a file, None where that is an absolute path, which no page may show."""
        value = self.value(*options)
        # Absolute on any system, not only on the one that makes the page: a page travels.
        return None if value and re.match(r"~|[\\/]|[A-Za-z]:", value) else value


def _typed(command: Sequence[str]) -> _Typed:
    """Of what another program was asked, e.g. a script that imports harness, nothing is known."""
    first, *words = command or [""]
    # The workspace goes before the command and is a path of that machine; the command to copy is typed in another.
    while words and words[0].startswith("--workspace"):
        del words[: 1 if "=" in words[0] else 2]
    if first != "harness" or not words:
        return _Typed("", ())
    return _Typed(words[0], tuple(words[1:]))


def _weights(record: RunRecord, typed: _Typed) -> str | None:
    """The file that was given in place of the installed weights; runs made before that was recorded are asked."""
    if typed.name == "test" or "weights" in record.model:
        recorded = record.model.get("weights") or Path(typed.value("--weights") or "").name
        return typed.path("--weights") or recorded or None
    return "FILE" if has_own_weights(record) else None


def has_own_weights(record: RunRecord) -> bool:
    """Whether the run's generator cannot be the catalog's: another hash, or where none is known another shape."""
    model, found = MODELS.get(str(record.model["id"])), record.model
    if model is None:
        return False
    # Of weights whose hash nobody recorded only the shape tells: a generator trained anew in that shape passes.
    if model.sha256:
        return model.sha256 != found.get("weights_sha256")
    shape, expected = found.get("architecture") or {}, vars(model.architecture)
    # A key that an older record lacks is no contradiction.
    return any(shape.get(key, expected[key]) != expected[key] for key in ("netG", "norm", "ngf"))


def scrubbed(document: Any) -> Any:
    """Returns a JSON document in which every string has lost its absolute paths, and long lists most of what they hold.

    Thousands of images would make a page that nobody can open.
    """
    if isinstance(document, dict):
        return {key: scrubbed(value) for key, value in document.items()}
    if isinstance(document, list | tuple):
        left_out = [f"… {len(document) - 3} more, all in run.json"] if len(document) > _MOST else []
        return [scrubbed(value) for value in (document[:3] if left_out else document)] + left_out
    return public_word(document) if isinstance(document, str) else document


def _groups(record: RunRecord, language: Language) -> tuple[tuple[str, tuple[Fact, ...]], ...]:
    groups = {
        "made.model": _model_facts(record, language),
        "made.code": _code_facts(record, language),
        "made.set": _set_facts(record, language),
        "made.run": _run_facts(record, language),
        "made.versions": tuple(Fact(what, without_paths(str(v)), "code") for what, v in record.versions.items()),
    }
    return tuple((language.text(key), facts) for key, facts in groups.items() if facts)


def _model_facts(record: RunRecord, language: Language) -> tuple[Fact, ...]:
    t, model, own = language.text, record.model, has_own_weights(record)
    address = "" if own else str(model.get("url") or "")
    architecture = ", ".join(f"{key} {value}" for key, value in (model.get("architecture") or {}).items())
    domains = " → ".join(str(model[k]) for k in ("input_domain", "output_domain") if model.get(k))
    return _known(
        Fact(t("made.name"), str(model["id"]), "code"),
        Fact(t("made.domains"), domains),
        Fact(t("made.weights_from"), t("made.own_weights") if own else ""),
        Fact(t("made.weights_from"), address, "code", _link(address)),
        Fact(t("made.weights_sha"), str(model.get("weights_sha256") or ""), "hash"),
        Fact(t("made.architecture"), architecture, "code"),
    )


def _code_facts(record: RunRecord, language: Language) -> tuple[Fact, ...]:
    t, upstream = language.text, record.upstream
    facts = [Fact("harness", record.harness_version, "code")]
    if upstream:
        url, commit = str(upstream.get("url") or ""), str(upstream.get("commit") or "")
        facts += [
            Fact(t("made.upstream"), without_paths(url), "code", _link(url)),
            Fact(t("made.commit"), commit, "hash", _commit_link(url, commit)),
            Fact(t("made.state"), t("made.dirty") if upstream.get("dirty") else t("made.clean")),
        ]
    facts += [Fact(t("made.shim"), language.told(without_paths(shim))) for shim in record.shims[:_MOST]]
    if _is_lua(record):
        facts.append(Fact(t("made.mirrors"), f"{LUA.id} {LUA.commit}", "hash", f"{LUA.url}/tree/{LUA.commit}"))
        facts += [Fact(t("made.unlike"), t(f"made.lua_{what}")) for what in _LUA_DIFFERS]
    return _known(*facts)


def _size(recorded: Any) -> str | None:
    """A recorded size as `--size` takes it."""
    if isinstance(recorded, list | tuple):
        return "x".join(map(str, recorded))
    return f"max:{recorded}" if isinstance(recorded, int) else recorded


def _is_lua(record: RunRecord) -> bool:
    return bool((record.model.get("architecture") or {}).get("code") == "lua")


def _set_facts(record: RunRecord, language: Language) -> tuple[Fact, ...]:
    t, test_set = language.text, record.test_set
    size = test_set.get("size")
    written = t("made.own_size") if size == "own" else (_size(size) or "").replace("x", " × ")
    if isinstance(size, int):
        written = t("made.longest", side=size)
    return _known(
        Fact(t("made.name"), without_paths(str(test_set["name"])), "code"),
        Fact(t("made.images"), language.number(test_set["count"])),
        Fact(t("made.refused"), language.number(test_set["refused"]) if test_set.get("refused") else ""),
        Fact(t("made.layout"), t(f"layout.{'paired' if test_set['layout'] == 'paired' else 'single'}")),
        Fact(t("made.direction"), str(test_set.get("direction") or ""), "code"),
        Fact(t("made.split"), str(test_set.get("split") or ""), "code"),
        Fact(t("made.size"), language.localised(written)),
        Fact(t("made.digest"), str(test_set.get("digest") or ""), "hash"),
    )


def _run_facts(record: RunRecord, language: Language) -> tuple[Fact, ...]:
    t = language.text
    durations = []
    for step, seconds in record.durations.items():
        label = t("made.duration", step=language.either(f"step.{step}", step))
        durations.append(Fact(label, t("made.seconds", n=language.number(seconds, 1))))
    return _known(
        Fact(t("made.started"), record.started, "code"),
        Fact(t("made.engine"), t(f"engine.{record.engine}")),
        Fact(t("made.mode"), f"{record.mode}: {language.either(f'mode.{record.mode}', record.mode)}"),
        Fact(t("made.seed"), str(record.seed), "code"),
        Fact(t("made.device"), record.device, "code"),
        *durations,
        Fact(t("made.options"), without_paths(" ".join(record.options)), "code"),
    )


def _licences(record: RunRecord, language: Language) -> tuple[Fact, ...]:
    t = language.text
    dataset = DATASETS.get(str(record.test_set.get("reference") or ""))
    repository = LUA if _is_lua(record) else PYTORCH
    # Where no clone took part, none of the authors' PyTorch code ran; lua/ models follow the Lua code's definition.
    code = repository.licence if record.upstream or repository is LUA else ""
    return _known(
        Fact(t("licence.code"), code, link=f"{repository.url}/blob/{repository.commit}/LICENSE"),
        Fact(t("licence.weights"), "" if has_own_weights(record) else str(record.model.get("licence") or "")),
        Fact(t("licence.data"), dataset.licence if dataset else t("licence.own")),
    )


def _citations(record: RunRecord) -> tuple[Citation, ...]:
    """The method's papers, the training data's, and the test data's where it is an official dataset."""
    found: list[Citation] = []
    model, family = MODELS.get(str(record.model["id"])), str(record.model.get("family"))
    # The authors' ColorizationModel is their Pix2PixModel on Lab channels and has no paper of its own.
    family = "pix2pix" if family == "colorization" else family
    if model is None and family in CITATIONS:
        found.append(CITATIONS[family])
    for entry in (model, DATASETS.get(str(record.test_set.get("reference") or ""))):
        found += citations_of(entry) if entry else ()
    return tuple(dict.fromkeys(found))


def _commit_link(url: str, commit: str) -> str | None:
    """A mirror's commit is shown where it came from: the hash proves that it is the same."""
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        return None
    home = url.removesuffix(".git").rstrip("/") if url.startswith("https://github.com/") else PYTORCH.url
    return f"{home}/tree/{commit}"


def _link(address: object) -> str | None:
    return str(address) if str(address or "").startswith(("https://", "http://")) else None


def _known(*facts: Fact) -> tuple[Fact, ...]:
    return tuple(fact for fact in facts if fact.value)
