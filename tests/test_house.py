"""Holds the house to its plan: the import line, the place of templates, what each file opens with.

Every rule is a function from a source tree to its violations, so that each can be tried on a planted one too.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# An import may only point right.
LINE = ("portal", "api", "desk", "assent", "agreements", "accounts", "evidence")
CODE = (*LINE, "benchmarks", "scripts", "tests")

LOAD_TAG = re.compile(r"{%\s*load\s+(.*?)\s*%}")
INDEX_OPTION = re.compile(r"https?://|^\s*(-i|-f|--(extra-)?index-url|--find-links|--trusted-host|--no-index)\b")

Rule = Callable[[Path], list[str]]


def modules(root: Path, folders: tuple[str, ...] = LINE) -> Iterator[tuple[Path, ast.Module]]:
    """Every Python file under these folders, with its syntax tree, in a fixed order."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            yield path.relative_to(root), ast.parse(path.read_text("utf-8"))


def imports(path: Path, node: ast.AST) -> list[str]:
    """The dotted names that an import statement asks for, relative ones made absolute; [] for any other node."""
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    if isinstance(node, ast.ImportFrom):
        package = list(path.parts[: len(path.parts) - node.level]) if node.level else []
        origin = [*package, *([node.module] if node.module else [])]
        return [".".join([*origin, name.name]) for name in node.names]
    return []


def imports_that_point_left(root: Path) -> list[str]:
    return [
        f"{path}:{node.lineno} imports {name}"
        for path, tree in modules(root)
        for node in ast.walk(tree)
        for name in imports(path, node)
        if name.split(".")[0] in LINE and LINE.index(name.split(".")[0]) < LINE.index(path.parts[0])
    ]


def impurities_of_the_text_package(root: Path) -> list[str]:
    return [
        f"{path}:{node.lineno} imports {name}"
        for path, tree in modules(root, ("agreements/text",))
        for node in ast.walk(tree)
        for name in imports(path, node)
        if name.split(".")[0] in ("django", *CODE) and not f"{name}.".startswith("agreements.text.")
    ]


def requests_away_from_the_pages(root: Path) -> list[str]:
    """Acts and rules take values; a request is for views, the admin, context processors and the portal's middleware."""
    return [
        f"{path}:{node.lineno} takes a request"
        for path, tree in modules(root, LINE[2:])
        if not path.stem.endswith(("views", "admin", "context_processors"))
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and "request" in {argument.arg for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]}
    ]


def imports_inside_functions(root: Path) -> list[str]:
    return [
        f"{path}:{node.lineno} in {function.name}()"
        for path, tree in modules(root, CODE)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def files_without_a_docstring(root: Path) -> list[str]:
    """Empty files, which mark a package, have nothing to say."""
    return [
        str(path)
        for path, tree in modules(root, CODE)
        if "migrations" not in path.parts and tree.body and not ast.get_docstring(tree)
    ]


def files_named_utils(root: Path) -> list[str]:
    return [str(path) for path, _ in modules(root, CODE) if path.name == "utils.py"]


def templates_out_of_place(root: Path) -> list[str]:
    strays = [
        path.relative_to(root)
        for folder in LINE
        for path in sorted((root / folder).rglob("*"))
        if path.suffix == ".html" or path.name == "templates"
    ]
    inside = sorted(path.relative_to(root) for path in (root / "templates").rglob("*") if path.is_file())
    strays += [path for path in inside if len(path.parts) > 2 and path.parts[1] not in LINE]
    return [str(path) for path in strays]


def tag_libraries_loaded_from_the_left(root: Path) -> list[str]:
    """A template may load tags of its own app or of one to its right; the root's templates are the portal's."""
    home = {path.stem: app for app in LINE for path in (root / app / "templatetags").glob("*.py")}
    found = []
    for path in sorted((root / "templates").rglob("*")):
        if not path.is_file():
            continue
        place = path.relative_to(root)
        app = place.parts[1] if len(place.parts) > 2 and place.parts[1] in LINE else "portal"
        for words in LOAD_TAG.findall(path.read_text("utf-8")):
            names = words.split()
            libraries = names[names.index("from") + 1 :] if "from" in names else names
            found += [
                f"{place} loads {library} of {home[library]}"
                for library in libraries
                if library in home and LINE.index(home[library]) < LINE.index(app)
            ]
    return found


def requirements_that_name_an_index(root: Path) -> list[str]:
    return [
        f"{path.name}:{number}"
        for path in sorted([*root.glob("requirements*.txt"), *root.glob("requirements*.in")])
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if INDEX_OPTION.search(line)
    ]


PLANTED: list[tuple[Rule, dict[str, str], list[str]]] = [
    (
        requests_away_from_the_pages,
        {
            "assent/accepting.py": "def accept(*, request, at): ...\n",
            "assent/views.py": "def accept_page(request): ...\n",
        },
        ["assent/accepting.py:1 takes a request"],
    ),
    (
        imports_that_point_left,
        {
            "accounts/models.py": "from django.db import models\nfrom evidence.log import append\nimport desk.views\n",
            "agreements/a.py": "from .text import clauses\nfrom assent import standing\n",
            "agreements/migrations/0001_initial.py": "import accounts.models\n",
            "evidence/log.py": "from ..accounts import models\n",
        },
        [
            "agreements/a.py:2 imports assent.standing",
            "accounts/models.py:3 imports desk.views",
            "evidence/log.py:1 imports accounts.models",
        ],
    ),
    (
        impurities_of_the_text_package,
        {
            "agreements/text/a.py": "import re\nfrom agreements.text import clauses\nfrom . import canonical\n",
            "agreements/text/b.py": "import django.db\nfrom agreements import models\nfrom ..errors import X\n",
            "agreements/models.py": "import django.db\n",
        },
        [
            "agreements/text/b.py:1 imports django.db",
            "agreements/text/b.py:2 imports agreements.models",
            "agreements/text/b.py:3 imports agreements.errors.X",
        ],
    ),
    (
        imports_inside_functions,
        {
            "desk/views.py": "import os\n\ndef show():\n    import re\n",
            "tests/a.py": "if 1:\n    import re\n",
        },
        ["desk/views.py:4 in show()"],
    ),
    (
        files_without_a_docstring,
        {
            "desk/a.py": "import os\n",
            "desk/b.py": '"""Says so."""\n',
            "desk/c/__init__.py": "",
            "desk/migrations/0001.py": "import os\n",
        },
        ["desk/a.py"],
    ),
    (files_named_utils, {"api/utils.py": "", "api/schemas.py": ""}, ["api/utils.py"]),
    (
        templates_out_of_place,
        {"desk/templates/a.html": "", "templates/base.html": "", "templates/desk/a.html": "", "templates/x/b.html": ""},
        ["desk/templates", "desk/templates/a.html", "templates/x/b.html"],
    ),
    (
        tag_libraries_loaded_from_the_left,
        {
            "assent/templatetags/standing.py": "",
            "accounts/templatetags/people.py": "",
            "templates/base.html": "{% load i18n standing people %}",
            "templates/agreements/a.html": "{% load i18n %}{% load people %}\n{% load due from standing %}",
        },
        ["templates/agreements/a.html loads standing of assent"],
    ),
    (
        requirements_that_name_an_index,
        {
            "requirements.txt": "a==1\n--extra-index-url x\n",
            "requirements-dev.in": "-r requirements.in\nb @ https://x\n",
        },
        ["requirements-dev.in:2", "requirements.txt:2"],
    ),
]


@pytest.mark.parametrize("rule", [rule for rule, _, _ in PLANTED], ids=lambda rule: rule.__name__)
def test_the_house_has_no(rule: Rule) -> None:
    assert rule(ROOT) == []


@pytest.mark.parametrize(("rule", "files", "violations"), PLANTED, ids=[rule.__name__ for rule, _, _ in PLANTED])
def test_a_planted_one_is_found(rule: Rule, files: dict[str, str], violations: list[str], tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    assert rule(tmp_path) == violations
