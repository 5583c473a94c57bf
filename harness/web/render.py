"""Dataclasses into HTML: one page, its style and scripts inlined and named by hash in a strict content policy."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from harness.files import write_text
from harness.web.language import Language, language, languages

if TYPE_CHECKING:
    from PIL import Image


def render_page(
    template: str,
    words: Language,
    *,
    pages: Mapping[str, str] | None = None,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
    data: Any = None,
    package: str = "harness.report",
    script_sources: str = "",
    more_policy: str = "",
    **context: Any,
) -> str:
    """Returns a whole HTML page that needs nothing from the network.

    Args:
        template: a template of `package` that extends `base.html.j2` of this package.
        pages: the addresses of this page by language, from `write_pages`, for a switch to the other ones.
        styles, scripts: files of `static/` of `package`, or of this package, in order; `base.css` and `base.js`
            always come first. All scripts of a page share one function's scope and leak no name.
        data: what the scripts read, a JSON document with finite numbers only.
        script_sources: further sources for the policy's `script-src`, e.g. `file:` for a script beside the page.
        more_policy: further directives of the policy, e.g. `connect-src 'self'`.
    """
    css = "\n".join(_static(package, name) for name in ("base.css", *styles))
    js = '"use strict";\n(() => {\n' + "\n".join(_static(package, name) for name in ("base.js", *scripts)) + "\n})();\n"
    # Only this very style and script run, and only local pictures load.
    policy = (
        # `file:` beside `self`, which matches nothing on a page opened from a disk.
        f"default-src 'none'; img-src 'self' file: data:; style-src {_hash(css)}; "
        f"script-src {' '.join(filter(None, (_hash(js), script_sources)))}; base-uri 'none'; form-action 'none'"
        f"{more_policy and '; ' + more_policy}"
    )
    style, script = Markup(css), Markup(js)  # noqa: S704  # our own files
    block = None if data is None else Markup(json_block(data))  # noqa: S704  # escaped by json_block
    page = _environment(package).get_template(template)
    others = [(language(code), address) for code, address in (pages or {}).items() if code != words.code]
    return page.render(
        **context, lang=words, t=words.text, policy=policy, css=style, js=script, data=block, others=others
    )


def write_pages(target: Path, words: Language, render: Callable[[Language, Mapping[str, str]], str]) -> None:
    """Writes a page in a language, and beside it, as `NAME.CODE.html`, in every other one.

    Args:
        render: makes the page of one language, given the addresses of all, for `render_page`.
    """
    pages = {code: target.name if code == words.code else in_language(target.name, code) for code in languages()}
    for code, name in pages.items():
        write_text(target.with_name(name), render(language(code), pages))
    # An earlier page of this language, from when another one was the first.
    target.with_name(in_language(target.name, words.code)).unlink(missing_ok=True)


def in_language(name: str, code: str) -> str:
    """Returns the file name of a page in another language than its first: `index.fa.html` of `index.html`."""
    return f"{name.removesuffix('.html')}.{code}.html"


def json_block(document: Any) -> str:
    """Returns JSON that cannot end the script element it stands in; refuses NaN and infinity with ValueError."""
    # `<` could end the element or open a comment, U+2028 ends a line in old scripts.
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e").replace("\u2028", "\\u2028")


def picture_address(picture: Image.Image, kind: str = "PNG", **options: Any) -> str:
    """Returns a picture as a data address, in an encoding and with options of Pillow's `save`."""
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(stream.getvalue()).decode()}"


def ticks(text: str) -> Markup:
    """Returns text with what stands between backticks as left-to-right code."""
    parts = str(text).split("`")
    marked = [Markup('<code dir="ltr">{}</code>').format(p) if i % 2 else escape(p) for i, p in enumerate(parts)]
    return Markup("").join(marked)


@pass_context
def _told(context: Context, text: str) -> Markup:
    """What code said in English, in the page's language, with its code marked."""
    return ticks(context["lang"].told(text))


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _static(package: str, name: str) -> str:
    # A room's own file first, then what all share.
    own = files(package) / "static" / name
    chosen = own if own.is_file() else files("harness.web") / "static" / name
    return chosen.read_text(encoding="utf-8")


@cache
def _environment(package: str) -> Environment:
    loaders = [PackageLoader(name) for name in dict.fromkeys((package, "harness.web"))]
    # Every value is escaped unless it is Markup; a name that is not there is an error.
    environment = Environment(
        loader=ChoiceLoader(loaders), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["ticks"] = ticks
    environment.filters["told"] = _told
    return environment
