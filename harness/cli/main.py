"""The `harness` command: lazy subcommands and the one place that turns errors into exit codes."""

from __future__ import annotations

import difflib
import importlib
import io
import os
import platform
import shlex
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.console import Console, ReaderGone, prepare_streams
from harness.errors import HarnessError, UnknownNameError, refused_by_system
from harness.redacting import without_credentials
from harness.version import __version__
from harness.web.language import spoken
from harness.workspace import Workspace

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Begin": {
        "play": ("harness.cli.play", "Draw in the browser and see at once what a model makes of it."),
        "demo": ("harness.cli.demo", "Do the whole job offline on data and weights that come with the package."),
        "setup": ("harness.cli.setup", "Clone the authors' code and bring weights and datasets."),
        "doctor": ("harness.cli.doctor", "Say what this machine can do and what to mend."),
        "completion": ("harness.cli.completion", "Make a shell complete commands and names."),
    },
    "Pictures": {
        "datasets": ("harness.cli.datasets", "List the official datasets and what is installed."),
        "prepare-images": ("harness.cli.prepare_images", "Turn a folder of photos into a test set."),
    },
    "Run": {
        "models": ("harness.cli.models", "List the pretrained models and what is installed."),
        "test": ("harness.cli.test", "Run a model over a test set, measure and report."),
        "shard": ("harness.cli.shard", "Cut a test into shards that any scheduler may run."),
        "measure": ("harness.cli.measure", "Add metrics to a finished run without translating again."),
        "verify": ("harness.cli.verify", "Make a run again, or with the other engine, and say what differs."),
    },
    "Train": {
        "train": ("harness.cli.train", "Train on a dataset, watch it, and test what came of it."),
        "sweep": ("harness.cli.sweep", "Compute every point of a file once, and choose among them by its rule."),
        "reproduce": ("harness.cli.reproduce", "Make published tables again, with a verdict on each number."),
    },
    "Understand": {
        "explain": ("harness.cli.explain", "Explain the method and a model's networks."),
        "compare": ("harness.cli.compare", "Set runs of the same images side by side."),
    },
    "Look and hand in": {
        "open": ("harness.cli.open", "Open a run's report in the browser."),
        "note": ("harness.cli.note", "Name, tag, annotate or hide a run in the index."),
        "table": ("harness.cli.table", "Set runs' numbers as a table for a paper: LaTeX, CSV or Markdown."),
        "report": ("harness.cli.report", "Make the HTML pages again from the records."),
        "handin": ("harness.cli.handin", "Pack runs and answers of a course exercise into one file to send."),
        "check": ("harness.cli.check_handins", "Look at a course's hand-ins, and compare them with each other."),
        "study": ("harness.cli.study", "Let people judge real or fake, and score what they answered."),
    },
    "Grow": {
        "export": ("harness.cli.export", "Write a generator as an exact ONNX file, with its certificate."),
        "weights": ("harness.cli.weights", "Convert weights of the Lua original for the PyTorch code."),
    },
}
"""What one wants, and the commands for it: each one's module and its line in `--help`, which imports none of them."""

COMMANDS = {name: entry for commands in SECTIONS.values() for name, entry in commands.items()}
# They begin a workspace, or go without one.
_NEED_NONE = {"demo", "setup", "doctor", "completion", "prepare-images", "export", "play"}

_BEGIN = """\
harness: official pix2pix and CycleGAN results, and your own images through their models

Where to begin:
  harness demo                                see the whole job in half a minute, without a network
  harness setup --model facades_label2photo   bring the authors' code and weights of a model
  harness test --model facades_label2photo --dataset FOLDER
                                              run it on your pictures, measure, report
  harness play                                draw, and see at once what the model makes of it

`harness explain` tells how it works, `harness doctor` what this machine lacks, `harness --help` every command."""

_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""What a scheduler, a shutdown or a closed terminal sends."""


class _Help(click.HelpFormatter):
    """Help in the language that is spoken; texts come here before they are folded."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, f"{Console().words.message('Usage:')} ")

    def write_heading(self, heading: str) -> None:
        super().write_heading(Console().words.message(heading))

    def write_text(self, text: str) -> None:
        super().write_text(Console().words.message(text))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        said, told = Console().words.message, []
        for term, text in rows:
            # A default is typed as it stands.
            head, mark, default = text.partition("  [default: ")
            told.append((term, said(head) + (f"  [{said('default')}: {default}" if mark else "")))
        super().write_dl(told, col_max, col_spacing)


class _Context(click.Context):
    formatter_class = _Help


class LazyGroup(click.Group):
    """Imports a command's module only when that command is asked for."""

    context_class = _Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        # `harness --help` lists commands without importing one of them; a test keeps torch and numpy out.
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        command.context_class = _Context
        return command

    def invoke(self, ctx: click.Context) -> object:
        """The border where what the system refuses becomes an error with a path and a hint, whatever the command."""
        try:
            return super().invoke(ctx)
        except (OSError, MemoryError) as error:
            # The workspace is the likeliest place where an error knows no file of its own.
            told = refused_by_system(error, ctx.obj.root if isinstance(ctx.obj, Workspace) else Path.cwd())
            if told is not None:
                raise told from error
            if isinstance(error, BrokenPipeError):  # click would take it for standard output's, and end in silence
                raise RuntimeError(f"a pipe to another program broke: {error}") from error
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:{width}}", line) for name, (_, line) in commands.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        # From the table above: click would import every module to read its help.
        named = [CompletionItem(n, help=line) for n, (_, line) in COMMANDS.items() if n.startswith(incomplete)]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        # While a shell completes, half a name is no error.
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            error = UnknownNameError("command", name, COMMANDS)
            raise click.UsageError(error.message)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--workspace",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that holds third_party/, datasets/ and results/ (default: $HARNESS_WORKSPACE or the current folder).",
)
@click.version_option(__version__, prog_name="harness")
@click.pass_context
def cli(ctx: click.Context, workspace: Path | None) -> None:
    """Reproduce the official pix2pix and CycleGAN results, and take them to your own images."""
    ctx.obj = Workspace.locate(workspace)
    Console.language = None
    spoken()  # a language of HARNESS_LANG that there is not is refused, whatever the command
    if ctx.invoked_subcommand is None:
        Console().result(_BEGIN)
    elif ctx.invoked_subcommand not in _NEED_NONE and not ctx.obj.root.is_dir():
        _tell_missing(ctx.obj.root)


def _tell_missing(root: Path) -> None:
    # A mistyped workspace is not there, and a command would say that nothing was ever set up.
    beside = [path.name for path in root.parent.iterdir() if path.is_dir()] if root.parent.is_dir() else []
    near = difflib.get_close_matches(root.name, beside, n=1)
    meant = f"did you mean `--workspace {shlex.quote(str(root.parent / near[0]))}`?" if near else None
    Console().warn(f"there is no workspace `{root}`", meant or "`harness setup` and `harness demo` make one")


def write_fault_log(error: BaseException) -> Path | None:
    """Writes a log of an unexpected error, ready to paste into a bug report, and returns its path.

    Nothing that went wrong already may hide it: without a place to write to, the log goes to stderr and None returns.
    """
    log = f"harness {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
    # Pasted into a bug report: addresses in it must hold no password or token.
    log += without_credentials(f"command: {' '.join(sys.argv)}\n\n{''.join(traceback.format_exception(error))}")
    prefix = f"harness-{datetime.now():%Y%m%d-%H%M%S}-"
    try:
        with tempfile.NamedTemporaryFile("wb", prefix=prefix, suffix=".log", delete=False) as stream:
            stream.write(log.encode("utf-8", "backslashreplace"))
            return Path(stream.name)
    except OSError:
        Console().say(log)
        return None


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0 done, 1 the user can mend it, 2 usage, 3 our fault, 130 stopped."""
    console = Console()
    if "_HARNESS_COMPLETE" in os.environ:  # a shell asks what may come next: click answers it, in these dialects
        import harness.cli.shells  # noqa: F401
    try:
        # Otherwise click prints errors and ends the program by codes of its own.
        outcome = cli.main(args=arguments, prog_name="harness", standalone_mode=False)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show(usage := io.StringIO())
        console.say(usage.getvalue().rstrip())
        return error.exit_code
    except HarnessError as error:
        console.error(error)
        return 1
    except (KeyboardInterrupt, click.Abort):
        console.say("interrupted: nothing half-done was kept under a final name")
        # 128 + SIGINT, as shells tell a program that Ctrl-C stopped.
        return 130
    # `harness models | head` did what was wanted.
    except ReaderGone:
        return 0
    # Whatever gets here is a fault of ours, not of the user: a log in place of a traceback.
    except Exception as error:
        log = write_fault_log(error)
        where = f"`{log}`" if log else "the lines above"
        what = f"a fault of harness itself: {type(error).__name__}: {error}"
        console.error(HarnessError(what, f"please report it with {where}"))
        return 3
    return outcome if isinstance(outcome, int) else 0  # click returns the code given to `ctx.exit`


def entry_point() -> None:
    """The `harness` command once everything is imported; see `harness.__main__`."""
    prepare_streams()
    for number in _ENDING:
        if signal.getsignal(number) is signal.SIG_DFL:  # what nohup ignores stays ignored
            signal.signal(number, signal.default_int_handler)  # as Ctrl-C: what is half-done is taken away
    code = main()
    for number in (signal.SIGINT, *_ENDING):
        signal.signal(number, signal.SIG_DFL)  # a signal while Python ends tells no traceback either
    sys.exit(code)
