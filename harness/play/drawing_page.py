"""The page that is drawn on, and what its scripts are told."""

from __future__ import annotations

from typing import Any

from harness.catalog.domains import DOMAINS
from harness.demo.demo_generator import is_demo
from harness.engines.native.pixels import SPREAD_SCALE
from harness.play.drawn_sets import free_name
from harness.play.playing import Player
from harness.web.language import Language, languages
from harness.web.render import render_page


def served_page(player: Player, words: Language) -> str:
    """Returns the page that asks the server for its pictures."""
    told: dict[str, Any] = {"starts": [vars(start) for start in player.starts], "name": free_name(player)}
    told |= {"nearness": True, "set": player.selection.name if player.selection else ""}
    addresses = {code: f"?lang={code}" for code in languages()}
    return render_play(player, words, addresses, backend=("server.js",), told=told, policy="connect-src 'self'")


def render_play(
    player: Player,
    words: Language,
    addresses: dict[str, str],
    *,
    backend: tuple[str, ...],
    told: dict[str, Any],
    policy: str,
    script_sources: str = "",
) -> str:
    """Returns the page.

    Args:
        addresses: where it is in each language.
        backend: the scripts that know who draws.
        told: what these are told beside what all are.
        policy: what the content policy allows beside the page itself.
    """
    model, request = player.generator.model, player.request
    shown = "demo" if is_demo(player.generator) else model.id
    data = {
        "digits": words.digits,
        "strings": {k.removeprefix("play.js."): v for k, v in words.strings.items() if k.startswith("play.js.")},
        "size": player.size,
        "direction": model.direction,
        "kind": player.kind,
        "palette": [
            {"name": name, "label": words.text(f"class.{name}"), "colour": "#{:02x}{:02x}{:02x}".format(*colour)}
            for name, colour in player.palette
        ],
        "seed": request.seed,
        "picture": request.picture,
        "spread_scale": SPREAD_SCALE,
        "command": f"harness play {shown}",
        **told,
    }
    return render_page(
        "play.html.j2",
        words,
        pages=addresses,
        styles=("run.css", "play.css"),
        scripts=("raster.js", "drawing.js", "loading.js", *backend, "result.js"),
        data=data,
        package="harness.play",
        script_sources=script_sources,
        more_policy=policy,
        model=shown,
        eaten=words.told(DOMAINS[model.input_domain].description),
        serves="server.js" in backend,
        **{key: data[key] for key in ("kind", "palette", "starts", "size", "seed")},
        random=request.mode == "paper" and player.generator.architecture.use_dropout,
    )
