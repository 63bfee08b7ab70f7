"""The example in docs/evidence-format.md is what the code makes, and the page names every kind of fact."""

from datetime import UTC, datetime

from django.conf import settings

from evidence.checkpoint import Head, SigningKey, sign
from evidence.kinds import Kind
from evidence.merkle import leaf_hash, node_hash
from evidence.statements import commitment, statement

PAGE = (settings.BASE_DIR / "docs" / "evidence-format.md").read_text("utf-8")
SECRET = bytes(range(32))


def test_every_line_of_the_example_is_what_the_code_makes() -> None:
    key = SigningKey("qiyue.example/log", SECRET)
    committed = commitment(field="person_qq", salt=SECRET, value="10001")
    first = statement(
        kind=Kind.ADMINISTRATOR_MADE.value,
        uid="00000000-0000-4000-8000-000000000001",
        at=datetime(2026, 11, 24, 2, 0, tzinfo=UTC),
        facts={"person": 1},
        commitments={"person_qq": committed},
    )
    second = statement(
        kind=Kind.KEY_INTRODUCED.value,
        uid="00000000-0000-4000-8000-000000000002",
        at=datetime(2026, 11, 24, 2, 0, 1, tzinfo=UTC),
        facts={"verifier_key": str(key.verifier), "replaces": []},
        commitments={},
    )
    root = node_hash(leaf_hash(first), leaf_hash(second))
    expected = [committed, first.decode(), leaf_hash(first).hex(), second.decode(), leaf_hash(second).hex(), root.hex()]
    expected += sign(Head(key.name, 2, root), [key]).splitlines()
    example = PAGE[PAGE.index("## 9. An example") : PAGE.index("## 10.")]
    shown = [line.strip() for line in example.splitlines() if line.startswith("    ")]
    assert shown == [line for line in expected if line]


def test_every_kind_is_described() -> None:
    shortened = {"collaborator.confirmed": "`.confirmed`", "collaborator.ended": "`.ended`"}
    assert [kind.value for kind in Kind if shortened.get(kind.value, f"`{kind.value}`") not in PAGE] == []
