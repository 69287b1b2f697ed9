"""Our own sources as syntax trees: what each name of a module means, without importing anything."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Symbol:
    """A function, class or variable of a module; with an empty name the module itself."""

    module: str
    name: str = ""


@dataclass(frozen=True)
class Module:
    """One parsed file: the statements that define each of its names, and what its imports bind."""

    name: str
    imports: dict[str, Symbol]
    statements: dict[str, list[ast.stmt]] = field(default_factory=dict)


class Sources:
    """The packages of a folder that are read; everything else is somebody else's."""

    def __init__(self, root: Path, packages: tuple[str, ...] = ("functions", "shared")) -> None:
        self._root = root
        self._packages = packages
        self.module = cache(self._parsed)

    def _path(self, module: str) -> Path | None:
        base = self._root.joinpath(*module.split("."))
        found = [path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()]
        return found[0] if found and module.partition(".")[0] in self._packages else None

    def _parsed(self, name: str) -> Module | None:
        path = self._path(name)
        if path is None:
            return None
        body = ast.parse(path.read_text()).body
        module = Module(name, self.imported(body))
        for statement in outside_functions(body):
            for defined in _defined(statement):
                module.statements.setdefault(defined, []).append(statement)
        return module

    def imported(self, body: Iterable[ast.stmt]) -> dict[str, Symbol]:
        """What the import statements among these bind."""
        found: dict[str, Symbol] = {}
        for statement in outside_functions(body):
            if isinstance(statement, ast.Import):
                for alias in statement.names:
                    found[alias.asname or alias.name.split(".")[0]] = Symbol(alias.name)
            elif isinstance(statement, ast.ImportFrom) and statement.module:
                for alias in statement.names:
                    inner = f"{statement.module}.{alias.name}"
                    is_module = self._path(inner) is not None
                    found[alias.asname or alias.name] = (
                        Symbol(inner) if is_module else Symbol(statement.module, alias.name)
                    )
        return found


def outside_functions(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """These statements and those in their blocks, but for functions, classes and `if TYPE_CHECKING`."""
    for statement in body:
        yield statement
        if isinstance(statement, Function | ast.ClassDef):
            continue
        if isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING":
            continue
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            for part in getattr(statement, block, []):
                yield from outside_functions([part] if isinstance(part, ast.stmt) else part.body)


def _defined(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, Function | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign):
        yield from (node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name))
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        yield statement.target.id


def walk_code(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it but annotations: a type that is only named does nothing."""
    yield node
    for name, value in ast.iter_fields(node):
        if name not in {"annotation", "returns"}:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from walk_code(child)
