"""What code can reach from a starting point: by name through imports, by method through the classes reached.

A method counts when its class is reached and reached code mentions an attribute of its name. So more is found than
ever runs, and not less: the one thing that is not followed is a module imported by a made-up name, which only the
registry of providers does, and providers are handed sessions, never the service.
"""

import ast
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tests.rules.sources import Function, Module, Sources, Symbol, walk_code


@dataclass(frozen=True, slots=True)
class Chain:
    """`<owner>.<attribute>.<method>` in the code; no method where `<owner>.<attribute>` is handed on as a value."""

    owner: str
    attribute: str
    method: str = ""


class Reach:
    """Everything reachable from `start`, not looking inside the modules of `stop`.

    `symbols` are the functions, classes and variables of ours (those of `stop` too), `mentioned` the names of
    attributes, to begin with those given, and `chains` what was asked of whom. What is asked of an attribute in
    `foreign` mentions nothing: `self._table.write` is not about a method `write` of the class that has the table.
    """

    def __init__(
        self,
        sources: Sources,
        start: Iterable[Symbol],
        *,
        mentioned: Iterable[str] = (),
        stop: Collection[str] = (),
        foreign: Collection[str] = (),
    ) -> None:
        self._sources = sources
        self._stop = stop
        self._foreign = foreign
        self._todo = list(start)
        self._methods: list[tuple[Module, Function]] = []
        self.symbols: set[Symbol] = set()
        self.mentioned: set[str] = set(mentioned)
        self.chains: set[Chain] = set()
        while self._todo:
            self._visit(self._todo.pop())
            while not self._todo and self._visit_methods():
                pass

    def _visit(self, symbol: Symbol) -> None:
        module = self._sources.module(symbol.module)
        if module is None or symbol in self.symbols:
            return
        self.symbols.add(symbol)
        if symbol.module in self._stop:
            return
        if symbol.name in module.imports:
            self._todo.append(module.imports[symbol.name])
        for statement in module.statements.get(symbol.name, []):
            if isinstance(statement, ast.ClassDef):
                self._visit_class(module, statement)
            else:
                self.scan(module, statement)

    def _visit_class(self, module: Module, found: ast.ClassDef) -> None:
        for part in [*found.bases, *found.decorator_list, *found.body]:
            if isinstance(part, Function):
                self._methods.append((module, part))
            else:
                self.scan(module, part)

    def _visit_methods(self) -> bool:
        """Take in the methods that run by now; each may mention more. Says whether there were any."""
        due = [(module, method) for module, method in self._methods if self._runs(method)]
        self._methods = [(module, method) for module, method in self._methods if not self._runs(method)]
        for module, method in due:
            self.scan(module, method)
        return bool(due)

    def _runs(self, method: Function) -> bool:
        return method.name in self.mentioned or (method.name.startswith("__") and method.name.endswith("__"))

    def scan(self, module: Module, node: ast.AST) -> None:
        """Take in one piece of a module's code."""
        names = dict(module.imports)
        followed: set[ast.AST] = set()
        for inner in ast.walk(node):
            if isinstance(inner, Function):
                names |= self._sources.imported(inner.body)
        for part in walk_code(node):
            if isinstance(part, ast.Name):
                self._name(module, names, part.id)
            elif isinstance(part, ast.Attribute):
                self._attribute(names, part, followed)

    def _name(self, module: Module, names: dict[str, Symbol], name: str) -> None:
        if name in names:
            self._todo.append(names[name])
        elif name in module.statements:
            self._todo.append(Symbol(module.name, name))

    def _attribute(self, names: dict[str, Symbol], part: ast.Attribute, followed: set[ast.AST]) -> None:
        base = part.value
        if not (isinstance(base, ast.Attribute) and base.attr in self._foreign):
            self.mentioned.add(part.attr)
        if isinstance(base, ast.Name) and base.id in names and not names[base.id].name:
            self._todo.append(Symbol(names[base.id].module, part.attr))
        if isinstance(base, ast.Attribute) and (owner := _owner(base.value)) is not None:
            followed.add(base)  # met before the base itself
            self.chains.add(Chain(owner, base.attr, part.attr))
        if part not in followed and (owner := _owner(base)) is not None:
            self.chains.add(Chain(owner, part.attr))


def _owner(expression: ast.expr) -> str | None:
    """The last name of an expression that has one: `service`, `self.service` and `_service()` alike end in service."""
    if isinstance(expression, ast.Call):
        return _owner(expression.func)
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else None
