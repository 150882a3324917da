"""Which sentences of a wording.toml the code says, found by reading the code: a key counts where it reaches `say` or `said`, not where
a string happens to be written like it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, nodes

_SAYING = ("say", "said")
Values = Mapping[str, Callable[[], Iterable[str]]]
Scopes = tuple[ast.AST, ...]


@dataclass
class SaidKeys:
    """The keys that are said, and where something is said whose key reading the code does not tell."""

    keys: set[str] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)


def said_keys(modules: Iterable[Path], wording: str, values: Values) -> SaidKeys:
    """The keys that modules say of a wording, which is named as it is imported: `bot.wording`.

    A key may be written out, chosen between, or a value of a mapping of the module. Where it is made of something, `f"wrong_{why}"`,
    `values` tells by its form, `wrong_{}`, what it may be made to; where it is neither, by the expression as it is written.
    """
    found = SaidKeys()
    for path in modules:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = set(_imported(tree, wording))
        if ".".join(path.with_suffix("").parts).endswith(wording):
            names.update(_SAYING)  # the wording's own module
        for call, scopes in _calls(tree, (tree,)):
            if isinstance(call.func, ast.Name) and call.func.id in names and call.args:
                try:
                    found.keys |= _strings(call.args[0], scopes, values)
                except LookupError as error:
                    found.unknown.append(f"{path.name}:{call.lineno}: {error.args[0]}")
    return found


def _calls(node: ast.AST, scopes: Scopes) -> Iterator[tuple[ast.Call, Scopes]]:
    """Every call, and what it stands in: the functions, innermost first, and the module."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child, scopes
        yield from _calls(child, (child, *scopes) if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else scopes)


def _imported(tree: ast.Module, wording: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == wording:
            yield from (alias.asname or alias.name for alias in node.names if alias.name in _SAYING)


def _strings(key: ast.expr, scopes: Scopes, values: Values) -> set[str]:
    """The strings that an expression may be. Raises LookupError with the expression where that is not known."""
    match key:
        case ast.Constant(value=str(said)):
            return {said}
        case ast.IfExp(body=one, orelse=other) | ast.BoolOp(values=[one, other]):
            return _strings(one, scopes, values) | _strings(other, scopes, values)
        case ast.Subscript(value=mapping):
            return _mapped(mapping, scopes, values)
        case ast.Call(func=ast.Attribute(value=mapping, attr="get"), args=[_, default]):
            return _mapped(mapping, scopes, values) | _strings(default, scopes, values)
        case ast.Name(id=name) if assigned := list(_assigned(name, scopes)):
            return set().union(*(_strings(value, scopes, values) for value in assigned))
    form = _form(key)
    if form not in values:
        raise LookupError(form)
    return set(values[form]())


def _mapped(mapping: ast.expr, scopes: Scopes, values: Values) -> set[str]:
    match mapping:
        case ast.Dict(values=said):
            return set().union(*(_strings(value, scopes, values) for value in said))
        case ast.IfExp(body=one, orelse=other):
            return _mapped(one, scopes, values) | _mapped(other, scopes, values)
        case ast.Name(id=name) if assigned := list(_assigned(name, scopes)):
            return set().union(*(_mapped(value, scopes, values) for value in assigned))
    raise LookupError(ast.unparse(mapping))


def _assigned(name: str, scopes: Scopes) -> Iterator[ast.expr]:
    """What is assigned to a name in the innermost scope that assigns to it."""
    for scope in scopes:
        found = False
        for node in ast.walk(scope) if scope is not scopes[-1] else ast.iter_child_nodes(scope):
            match node:
                case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                    found = True
                    yield value
                case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value) if target == name:
                    found = True
                    yield value
        if found:
            return


def _form(key: ast.expr) -> str:
    if not isinstance(key, ast.JoinedStr):
        return ast.unparse(key)
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in key.values)


def keys_on_pages(templates: Iterable[Path], values: Values) -> SaidKeys:
    """The keys that Jinja templates say by `t`; `values` is as for `said_keys`, of `t("change_" ~ kind)` for `change_{}`."""
    found = SaidKeys()
    for path in templates:
        for call in Environment(autoescape=True).parse(path.read_text(encoding="utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "t" and call.args:
                try:
                    found.keys |= _strings_on_page(call.args[0], values)
                except LookupError as error:
                    found.unknown.append(f"{path.name}:{call.lineno}: {error.args[0]}")
    return found


def _strings_on_page(key: nodes.Expr, values: Values) -> set[str]:
    match key:
        case nodes.Const(value=str(said)):
            return {said}
        case nodes.CondExpr(expr1=one, expr2=nodes.Expr() as other):
            return _strings_on_page(one, values) | _strings_on_page(other, values)
        case nodes.Name(name=form):
            pass
        case nodes.Concat(nodes=parts):
            form = "".join(str(part.value) if isinstance(part, nodes.Const) else "{}" for part in parts)
        case _:
            form = repr(key)
    if form not in values:
        raise LookupError(form)
    return set(values[form]())
