"""The `harness` command: lazy subcommands and the one place that turns errors into exit codes."""

from __future__ import annotations

import importlib
import platform
import sys
import tempfile
import traceback
from datetime import datetime
from pathlib import Path

import click

from harness.cli.console import Console, write_any_letter
from harness.errors import HarnessError, UnknownNameError
from harness.version import __version__
from harness.workspace import Workspace

COMMANDS: dict[str, tuple[str, str]] = {
    "setup": ("harness.cli.setup", "Clone the authors' code and bring weights and datasets."),
    "models": ("harness.cli.models", "List the pretrained models and what is installed."),
    "datasets": ("harness.cli.datasets", "List the official datasets and what is installed."),
    "prepare-images": ("harness.cli.prepare_images", "Turn a folder of photos into a test set."),
    "test": ("harness.cli.test", "Run a model over a test set, measure and report."),
    "train": ("harness.cli.train", "Train on a dataset, watch it, and test what came of it."),
    "verify": ("harness.cli.verify", "Make a run again, or with the other engine, and say what differs."),
    "study": ("harness.cli.study", "Let people judge real or fake, and score what they answered."),
    "explain": ("harness.cli.explain", "Explain the method and a model's networks."),
    "demo": ("harness.cli.demo", "Do the whole job offline on data and weights that come with the package."),
    "report": ("harness.cli.report", "Make the HTML pages again from the records."),
    "compare": ("harness.cli.compare", "Set runs of the same images side by side."),
    "open": ("harness.cli.open", "Open a run's report in the browser."),
    "doctor": ("harness.cli.doctor", "Say what this machine can do and what to mend."),
}
"""Each command's module and its line in `--help`, so that `--help` imports none of them."""


class LazyGroup(click.Group):
    """Imports a command's module only when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            error = UnknownNameError("command", name, COMMANDS)
            raise click.UsageError(error.message)
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
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


def write_fault_log(error: BaseException) -> Path:
    """Writes a log of an unexpected error, ready to paste into a bug report, and returns its path."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    with tempfile.NamedTemporaryFile("w", prefix=f"harness-{stamp}-", suffix=".log", delete=False) as stream:
        stream.write(f"harness {__version__}, Python {platform.python_version()}, {platform.platform()}\n")
        stream.write(f"command: {' '.join(sys.argv)}\n\n")
        stream.writelines(traceback.format_exception(error))
        return Path(stream.name)


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0 done, 1 the user can mend it, 2 usage, 3 our fault, 130 stopped."""
    console = Console()
    try:
        outcome = cli.main(args=arguments, prog_name="harness", standalone_mode=False)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except HarnessError as error:
        console.error(error)
        return 1
    except (KeyboardInterrupt, click.Abort):
        console.talk("interrupted: nothing half-done was kept under a final name")
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as error:
        log = write_fault_log(error)
        console.error(
            HarnessError(
                f"a fault of harness itself: {type(error).__name__}: {error}", f"please report it with `{log}`"
            )
        )
        return 3
    return outcome if isinstance(outcome, int) else 0  # click returns the code given to `ctx.exit`


def entry_point() -> None:
    """The console script."""
    write_any_letter()
    sys.exit(main())
