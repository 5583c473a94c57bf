"""The layers: an import may only go down, engines do not know each other, one module writes to the terminal."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import harness

ROOT = Path(harness.__file__).parent

# From the ground up; rooms of one level never import each other.
LEVELS: tuple[frozenset[str], ...] = tuple(
    frozenset(names.split())
    for names in (
        "redacting version",
        "errors",
        "files parallel progress units",
        "documents keeping workspace",
        "catalog",
        "fetch images runs web weights",
        "sets",
        "engines metrics nearness",
        "provision",
        "doctor report",
        "prepare",
        "testing",
        "shards",
        "demo training",
        "explain export reproduce sweep",
        "course play",
        "api cli",
    )
)
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
ENGINES = {"official", "native"}
TERMINAL = ROOT / "cli" / "console.py"


@dataclass(frozen=True)
class Import:
    """One import statement: the file it stands in, its line, and the module it names."""

    file: Path
    line: int
    module: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


def modules() -> list[Path]:
    return sorted(p for p in ROOT.rglob("*.py") if "templates" not in p.parts)


def imports(tree: ast.AST, file: Path) -> Iterator[Import]:
    """Every import in a file, also those inside functions and behind TYPE_CHECKING."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(file, node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: relative imports hide the layer"
            assert node.module
            # `from harness import errors` names a room by its alias.
            names = [f"{node.module}.{a.name}" for a in node.names] if node.module == "harness" else [node.module]
            yield from (Import(file, node.lineno, name) for name in names)


def all_imports() -> list[Import]:
    return [i for p in modules() for i in imports(ast.parse(p.read_text(encoding="utf-8")), p)]


def wrong_way(found: Import) -> bool:
    """Whether an import goes up, or sideways into another room."""
    top, *rest = found.module.split(".")
    parts = found.file.relative_to(ROOT).with_suffix("").parts
    if top != "harness" or not rest or rest[0].startswith("__") or parts[0].startswith("__"):
        return False
    here, there = parts[0], rest[0]
    # The two engines are rooms of their own within `engines`: each stands on what lies beside them, never on the other.
    if here == there == "engines":
        return rest[1] in ENGINES and parts[1] != rest[1]
    return here != there and LEVEL[there] >= LEVEL[here]


def test_every_room_has_its_level():
    rooms = {p.relative_to(ROOT).with_suffix("").parts[0] for p in modules()}

    assert {room for room in rooms if not room.startswith("__")} <= set(LEVEL)


def test_imports_only_go_down():
    assert [str(i) for i in all_imports() if wrong_way(i)] == []


def test_only_commands_know_click():
    outside = [i for i in all_imports() if i.module.split(".")[0] == "click" and (ROOT / "cli") not in i.file.parents]

    assert [str(i) for i in outside] == []


def test_only_the_console_knows_rich():
    assert [str(i) for i in all_imports() if i.module.split(".")[0] == "rich" and i.file != TERMINAL] == []


def prints(tree: ast.AST) -> Iterator[ast.AST]:
    """Calls of `print` and uses of `sys.stdout`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield node
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"sys.stdout", "sys.__stdout__"}:
            yield node


# A program of its own, called with `python -m`.
PROGRAMS = {ROOT / "demo" / "training_data.py"}


def test_only_the_console_writes_to_the_terminal():
    found = [
        f"{path}:{node.lineno}"
        for path in modules()
        if path not in PROGRAMS | {TERMINAL}
        for node in prints(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert found == []


@pytest.mark.parametrize(
    ("file", "line", "wrong"),
    [
        ("catalog/models.py", "from harness.weights.reading import x", True),
        ("engines/native/engine.py", "import harness.engines.official.engine", True),
        ("engines/official/engine.py", "from harness.engines.native import engine", True),
        ("workspace.py", "from harness import catalog", True),
        ("errors.py", "def f():\n    from harness.files import x", True),
        ("metrics/a.py", "from harness.metrics.b import x", False),
        ("cli/test.py", "from harness.testing.running import x", False),
        ("provision/a.py", "from harness.weights.reading import x\nimport torch", False),
        ("prepare/a.py", "from harness.errors import x", False),
    ],
)
def test_the_rule_itself(file, line, wrong):
    assert any(wrong_way(i) for i in imports(ast.parse(line), ROOT / file)) is wrong


def test_the_terminal_rule_itself():
    assert len(list(prints(ast.parse("import sys\nprint(1)\nsys.stdout.write('x')")))) == 2
    assert not list(prints(ast.parse("import sys\nsys.stderr.close()\nprocess.stdout.read()")))
