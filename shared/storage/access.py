"""The registry of access patterns: every call of a store says which table and key it uses, and how."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Pattern:
    """One access: a store's method, the table, the operation, the key it uses and, where it writes, the condition."""

    method: str
    table: str
    operation: str
    key: str
    condition: str


PATTERNS: Final[list[Pattern]] = []


def access(table: str, operation: str, key: str, condition: str = "") -> Callable[[F], F]:
    """Describe a store's method; docs/access-patterns.md is made from what stands here."""

    def described(method: F) -> F:
        PATTERNS.append(Pattern(method.__qualname__, table, operation, key, condition))
        return method

    return described
