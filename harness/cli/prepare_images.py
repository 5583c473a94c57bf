"""`harness prepare-images`: turn a folder of photos into a test set."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from harness.cli import options
from harness.cli.completing import MODEL
from harness.cli.console import Console
from harness.cli.options import FILE, PATH, option, telling
from harness.units import counted
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.prepare.planning import Plan
    from harness.prepare.preparing import PreparedSet

_EPILOG = options.examples("""
  harness prepare-images ~/Pictures/horses --model horse2zebra
  harness prepare-images labels --targets photos --model facades_label2photo
  harness prepare-images photos.zip --model cyclegan/summer2winter_yosemite --fit pad --dry-run
  harness prepare-images shoes --to edges --split 80/10/10
  harness prepare-images houses --model cyclegan/facades_photo2label --rectify
  harness prepare-images facades_photo2label-houses-001 --model facades_label2photo
""")

# Pictures with a warning that are named on the terminal; the contact sheet has all.
_TOLD = 10


def _colour(given: str) -> tuple[int, int, int]:
    """`white`, `black`, `grey` or `#rrggbb`."""
    known = {"white": "ffffff", "black": "000000", "grey": "808080"}
    try:
        # Three bytes or a ValueError: of another number, the unpacking raises the same.
        red, green, blue = bytes.fromhex(known.get(given.lower(), given.lstrip("#")))
    except ValueError:
        raise click.BadParameter(f"`{given}` is no colour; write white, black, grey or #rrggbb") from None
    return (red, green, blue)


@click.command("prepare-images", epilog=_EPILOG)
@click.argument("folder", type=PATH)
@option("--model", "-m", type=MODEL, help="The model the set is for, e.g. horse2zebra; see `harness models`.")
@option("--targets", type=PATH, help="Partners of the same names: makes pairs, so that SSIM and PSNR exist.")
@option("--name", help="The set's name. Default: the folder's.")
@option(
    "--fit",
    type=click.Choice(["crop", "pad", "stretch"]),
    default="crop",
    help="How pictures of another shape are brought to size; padded photos go on mirrored.",
)
@options.size(help="Size of the pictures made; own or max:N for each one's. Default: the model's, or 256.")
@option(
    "--background",
    metavar="COLOUR",
    type=_colour,
    default="white",
    help="Below transparent pixels, and beside padded drawings: white, black, grey or #rrggbb.",
)
@option("--max-pixels", type=click.IntRange(min=1), default=120_000_000, help="Larger pictures are refused unopened.")
@option("--as", "as_", default="auto", help="What your pictures are: auto, drawing, labels, map or photo.")
@option("--to", help="What inputs become where no model is named: edges, grey, facade_label, map … Default: photo.")
@option(
    "--focus",
    type=click.Choice(["centre", "subject"]),
    default="centre",
    help="Where a crop is taken: in the middle, or where the detail lies.",
)
@option("--tiles", is_flag=True, help="Cut large pictures into tiles at their own scale.")
@option("--split", metavar="80/10/10", help="Make a training set: shares of train, val and test.")
@option("--rectify", is_flag=True, help="Set photos of facades upright where enough of their lines agree.")
@option(
    "--hed",
    metavar="FILE",
    type=PATH,
    help="Draw edges by the HED network with these weights (pytorch-hed's network-bsds500.pytorch), as the "
    "pix2pix paper did. Tested on seeded weights, never on the published file.",
)
@option(
    "--profile",
    metavar="FILE",
    type=FILE,
    help="What to judge nearness by, from `harness datasets SET --profile FILE`. Default: the model's dataset.",
)
@options.follow_links
@option("--workers", type=click.IntRange(min=1), help="Threads. Default: one a core, eight at most.")
@option("--strict", is_flag=True, help="Any file that cannot be used is an error, and nothing is written.")
@option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@telling(options.run_lang, options.json)
def command(workspace: Workspace, console: Console, /, *, dry_run: bool, as_json: bool, **asked: Any) -> None:
    """Turn a folder of photos, a ZIP archive or one picture into a test set, datasets/<name>/.

    FOLDER may be a run too, by name or folder: its outputs become inputs, and its inputs targets where they fit.
    """
    from harness.prepare.planning import plan_images
    from harness.prepare.prepare_request import PrepareRequest
    from harness.prepare.preparing import carry_out

    # Two answers to one question, of which one would be passed over in silence.
    if asked["model"] and asked["to"]:
        raise click.UsageError("--model says what inputs become; leave out --to")
    plan = plan_images(workspace, PrepareRequest(**asked))
    if dry_run:
        _show_plan(console, plan, as_json=as_json)
        return
    # The last sentences name refusals; they are told below with those that only opening a file finds.
    for sentence in plan.sentences()[: -len(plan.refused) or None]:
        console.say(sentence)
    _show(console, carry_out(workspace, plan, console), as_json=as_json)


def _show_plan(console: Console, plan: Plan, *, as_json: bool) -> None:
    if as_json:
        facts = {"folder": str(plan.folder), "layout": plan.layout, "direction": plan.direction}
        console.document({**facts, "count": len(plan.files), "plan": plan.sentences(), "made_by": plan.made_by})
        return
    for sentence in plan.sentences():
        console.result(sentence)


def _show(console: Console, prepared: PreparedSet, *, as_json: bool) -> None:
    import json

    if as_json:
        # Read back from the file, so that what is printed is what was written.
        document = json.loads((prepared.folder / "dataset.json").read_text(encoding="utf-8"))
        console.document({"folder": str(prepared.folder), "reused": prepared.reused, **document})
        return
    made = prepared.test_set
    for refusal in made.refused:
        console.warn(f"left out `{refusal.source}`: {refusal.reason}")
    for source, warnings in prepared.notes[:_TOLD]:
        console.say(f"note: `{source}`: {'; '.join(warnings)}")
    if len(prepared.notes) > _TOLD:
        console.say(f"note: {len(prepared.notes) - _TOLD} more pictures have warnings; the contact sheet shows them")
    unchanged = f", {prepared.reused} of them unchanged" if prepared.reused else ""
    pictures, files = counted(len(made.images), "picture"), counted(len(made.refused), "file")
    console.result(f"{made.name}: {pictures}{unchanged}, {files} left out")
    name = shlex.quote(made.name)
    if any(image.output.startswith("train") for image in made.images):
        alone = "" if made.layout == "paired" else " --family colorization"  # the one method that needs no partners
        console.say(f"hint: harness train --dataset {name}{alone}")
    # Where most pictures are nothing that the model eats, a hint to run it would mislead.
    if made.model and not prepared.foreign and any(image.output.startswith("test") for image in made.images):
        console.say(f"hint: harness test --model {made.model} --dataset {name}")
    console.result(f"contact sheet: {prepared.page.as_uri()}")
