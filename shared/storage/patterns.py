"""Write docs/access-patterns.md: python -m shared.storage.patterns > docs/access-patterns.md"""

import importlib
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from typing import Final

import shared.storage
from shared.storage.access import PATTERNS, Pattern

_TABLES: Final = ("connections", "lists", "rules", "items", "vault", "claims", "agenda", "organisations")
_HEAD: Final = """# Access patterns

Generated from shared/storage by `python -m shared.storage.patterns`; do not edit.

Every table has the string keys pk and sk. There is no scan and no index. Reads are strongly consistent. Every row
carries `schema`; rows of a newer schema are refused untouched. Writes have the condition named here; a write that was
carried out although its answer was lost is recognised by the writer's mark on the row.
"""


def all_patterns() -> list[Pattern]:
    """Every access pattern of every store, in the order of the files and of the methods in them."""
    for module in sorted(pkgutil.iter_modules(shared.storage.__path__), key=lambda one: one.name):
        if module.name != "patterns":
            importlib.import_module(f"shared.storage.{module.name}")
    return sorted(PATTERNS, key=lambda pattern: pattern.method.partition(".")[0])


def document(patterns: Iterable[Pattern]) -> str:
    """The whole page as Markdown."""
    return "\n".join(_lines(list(patterns)))


def _lines(patterns: list[Pattern]) -> Iterator[str]:
    yield _HEAD
    for table in _TABLES:
        yield f"## {table}\n\n| method | operation | key | condition |\n| --- | --- | --- | --- |"
        for one in patterns:
            if one.table == table:
                yield f"| {one.method} | {one.operation} | {_code(one.key)} | {one.condition} |"
        yield ""


def _code(text: str) -> str:
    return f"`{text}`"


if __name__ == "__main__":
    sys.stdout.write(document(all_patterns()))
