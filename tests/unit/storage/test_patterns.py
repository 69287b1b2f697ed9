"""Every call of a store is an access pattern that the documentation names."""

import importlib
import inspect
import pkgutil
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import shared.storage
from shared.storage.keys import part
from shared.storage.patterns import all_patterns, document


def _public_methods() -> set[str]:
    found = set()
    for module in pkgutil.iter_modules(shared.storage.__path__):
        loaded = importlib.import_module(f"shared.storage.{module.name}")
        for name, store in inspect.getmembers(loaded, inspect.isclass):
            if store.__module__ == loaded.__name__ and (name.endswith("Store") or name == "MarkerRows"):
                methods = (method for method in vars(store) if not method.startswith("_"))
                found |= {f"{name}.{method}" for method in methods}
    return found


def test_every_public_method_of_every_store_is_described() -> None:
    described = {pattern.method for pattern in all_patterns()}
    assert _public_methods() == described
    assert len(described) > 80


def test_every_write_names_its_condition() -> None:
    writes = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem")
    without = [p.method for p in all_patterns() if any(write in p.operation for write in writes) and not p.condition]
    assert without == []


def test_the_documentation_is_what_the_code_says() -> None:
    written = (Path(__file__).parents[3] / "docs" / "access-patterns.md").read_text()
    assert written == document(all_patterns()), "run: python -m shared.storage.patterns > docs/access-patterns.md"


@given(st.text(min_size=1), st.text(min_size=1))
def test_texts_from_outside_stay_one_part_of_a_key_and_distinct(one: str, other: str) -> None:
    assert "#" not in part(one)
    assert (part(one) == part(other)) == (one == other)
