"""The part of Actions' `${{ }}` language that workflow files of this kind use."""

import re
from collections.abc import Mapping
from typing import Any

TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(-?\d+(?:\.\d+)?)|(&&|\|\||==|!=|<=|>=|[!<>()\[\],.*])|([A-Za-z_][\w-]*))")
WORDS = {"true": True, "false": False, "null": None}


class ExpressionError(Exception):
    """An expression that cannot be read or uses what the sandbox does not know."""


def substitute(text: str, context: Mapping[str, Any]) -> str:
    """Replace each `${{ … }}` in a text by its value."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: to_text(evaluate(found[1], context)), text, flags=re.DOTALL)


def condition(text: str | bool, context: Mapping[str, Any]) -> bool:
    """Evaluate an `if:`, with or without `${{ }}` around it."""
    if isinstance(text, bool):
        return text
    bare = text.strip()
    if bare.startswith("${{") and bare.endswith("}}") and bare.count("${{") == 1:
        bare = bare[3:-2]
    return truthy(evaluate(substitute(bare, context) if "${{" in bare else bare, context))


def evaluate(text: str, context: Mapping[str, Any]) -> Any:
    """Return the value of one expression. Raises ExpressionError."""
    parser = _Parser(text, context)
    value = parser.either()
    if parser.peek() is not None:
        raise ExpressionError(f"Unexpected symbol: '{parser.peek()}' in {text.strip()!r}")
    return value


def truthy(value: Any) -> bool:
    """Tell whether Actions takes a value for true."""
    return value not in (None, False, 0, "")


def to_text(value: Any) -> str:
    """Write a value into a text as Actions does."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def equal(left: Any, right: Any) -> bool:
    """Compare loosely: texts without case, other kinds as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    if type(left) is type(right):
        return bool(left == right)
    return _number(left) == _number(right)


def _number(value: Any) -> float:
    if value in (None, ""):
        return 0.0
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _contains(where: Any, what: Any) -> bool:
    if isinstance(where, list):
        return any(equal(item, what) for item in where)
    return to_text(what).casefold() in to_text(where).casefold()


FUNCTIONS: dict[str, Any] = {
    "contains": _contains,
    "startswith": lambda text, start: to_text(text).casefold().startswith(to_text(start).casefold()),
    "endswith": lambda text, end: to_text(text).casefold().endswith(to_text(end).casefold()),
    "format": lambda text, *values: re.sub(r"\{(\d+)\}", lambda found: to_text(values[int(found[1])]), text),
    "always": lambda: True,
    "success": lambda: True,
    "failure": lambda: False,
    "cancelled": lambda: False,
}


class _Parser:
    def __init__(self, text: str, context: Mapping[str, Any]) -> None:
        self.context = context
        self.tokens: list[str] = []
        position, text = 0, text.strip()
        while position < len(text):
            found = TOKEN.match(text, position)
            if not found:
                raise ExpressionError(f"Unexpected symbol: '{text[position:]}'")
            self.tokens.append(found[0].strip())
            position = found.end()

    def peek(self) -> str | None:
        return self.tokens[0] if self.tokens else None

    def take(self, *wanted: str) -> str | None:
        return self.tokens.pop(0) if self.tokens and self.tokens[0] in wanted else None

    def need(self, wanted: str) -> None:
        if not self.take(wanted):
            raise ExpressionError(f"Expected '{wanted}', found '{self.peek()}'")

    def either(self) -> Any:
        value = self.both()
        while self.take("||"):
            other = self.both()
            value = value if truthy(value) else other
        return value

    def both(self) -> Any:
        value = self.compared()
        while self.take("&&"):
            other = self.compared()
            value = other if truthy(value) else value
        return value

    def compared(self) -> Any:
        value = self.single()
        while operator := self.take("==", "!=", "<", "<=", ">", ">="):
            other = self.single()
            if operator in ("==", "!="):
                value = equal(value, other) == (operator == "==")
            else:
                left, right = _number(value), _number(other)
                value = {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]
        return value

    def single(self) -> Any:
        if self.take("!"):
            return not truthy(self.single())
        if self.take("("):
            value = self.either()
            self.need(")")
            return value
        return self.leaf()

    def leaf(self) -> Any:
        token = self.tokens.pop(0) if self.tokens else ""
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if re.fullmatch(r"-?\d+(\.\d+)?", token):
            return float(token) if "." in token else int(token)
        if token in WORDS:
            return WORDS[token]
        if not re.match(r"[A-Za-z_]", token):
            raise ExpressionError(f"Unexpected symbol: '{token}'")
        if self.take("("):
            return self.call(token)
        if token not in self.context:
            raise ExpressionError(f"Unrecognized named-value: '{token}'")
        return self.path(self.context[token])

    def call(self, name: str) -> Any:
        values = []
        while not self.take(")"):
            values.append(self.either())
            if not self.take(",") and self.peek() != ")":
                raise ExpressionError(f"Expected ')', found '{self.peek()}'")
        if name.lower() not in FUNCTIONS:
            raise ExpressionError(f"Unrecognized function: '{name}'")
        return FUNCTIONS[name.lower()](*values)

    def path(self, value: Any) -> Any:
        many = False
        while step := self.take(".", "["):
            if step == "[":
                key = self.either()
                self.need("]")
            else:
                key = self.tokens.pop(0) if self.tokens else ""
            if key == "*":
                value, many = list(value.values()) if isinstance(value, dict) else value or [], True
            elif many:
                value = [_member(item, key) for item in value]
            else:
                value = _member(value, key)
        return value


def _member(value: Any, key: Any) -> Any:
    if isinstance(value, list) and isinstance(key, int):
        return value[key] if 0 <= key < len(value) else None
    return value.get(key) if isinstance(value, Mapping) else None
