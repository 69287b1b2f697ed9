"""One provider never imports another: what two share is in transport, oauth or contract."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def foreign(providers: Path) -> list[str]:
    """Imports of one provider's package by another's, or by what all share."""
    names = {package.parent.name for package in providers.glob("*/__init__.py")}
    assert names
    found = []
    for path in sorted(providers.rglob("*.py")):
        own = path.parent.name if path.parent != providers else ""
        for name in imported(path):
            parts = name.split(".")
            if parts[:2] == ["shared", "providers"] and len(parts) > 2 and parts[2] in names - {own}:
                found.append(f"{path.relative_to(providers)} imports {name}")
    return found


def test_no_provider_is_named_by_another_or_by_what_all_share() -> None:
    assert foreign(ROOT / "shared" / "providers") == []


def test_planted_violations_are_found(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    (tmp_path / "one" / "calls.py").write_text("from shared.providers.one import mapping\n")
    assert foreign(tmp_path) == []
    (tmp_path / "one" / "late.py").write_text("def f():\n    from shared.providers.two.mapping import draft\n")
    (tmp_path / "transport.py").write_text("import shared.providers.two.profile\n")
    assert len(foreign(tmp_path)) == 2
