"""What every file keeps to, checked on the syntax trees; each check is shown a violation and must find it."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE, LONGEST_FUNCTION = 400, 60
CLOUD = ("functions/", "shared/")
CLOCK = "shared/aws/clock.py"
Found = Iterator[tuple[int, str]]
# The machine that made a commit is nobody's business: absolute paths of its people and work folders.
_MACHINE_PATH = re.compile(r"(?<![\w.}$/-])/(?:work|root|home|Users|mnt)/\w+")
_SECRETS = re.compile(r"(^|_)(access_token|refresh_token|client_secret|webhook_key|code_verifier|api_key|password)$")
_MONEY = re.compile(r"amount|total|tax|price|balance|money|figure", re.IGNORECASE)
_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
_BROAD = {"Exception", "BaseException"}


def tracked(*suffixes: str) -> list[str]:
    """Files in git, and new ones that it does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    return [name for name in listed if (not suffixes or name.endswith(suffixes)) and (ROOT / name).is_file()]


@cache
def parsed(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


@cache
def nodes(tree: ast.AST) -> list[ast.AST]:
    return list(ast.walk(tree))


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in nodes(tree) if isinstance(node, ast.Call))


@cache
def called(call: ast.Call) -> str:
    return ast.unparse(call.func)


def too_long_functions(tree: ast.AST) -> Found:
    for node in nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            lines = node.end_lineno - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield node.lineno, f"{node.name} has {lines} lines, at most {LONGEST_FUNCTION}"


def prints(tree: ast.AST) -> Found:
    yield from ((call.lineno, "print: use shared.aws.log") for call in calls(tree) if called(call) == "print")


def times_of_day(tree: ast.AST) -> Found:
    """The wall clock is injected; monotonic clocks (how long something took) are not times of day."""
    wall = re.compile(r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns))$")
    yield from ((call.lineno, f"{called(call)}: ask the clock") for call in calls(tree) if wall.search(called(call)))


def floats_of_money(tree: ast.AST) -> Found:
    for call in calls(tree):
        if called(call) == "float" and call.args and _MONEY.search(ast.unparse(call.args[0])):
            yield call.lineno, f"{ast.unparse(call)}: amounts are Decimal"
    for node in nodes(tree):
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            name = ast.unparse(node.target) if isinstance(node, ast.AnnAssign) else node.arg
            if "float" in ast.unparse(node.annotation) and _MONEY.search(name):
                yield node.lineno, f"{name} is a float: amounts are Decimal"


def clients_without_deadline(tree: ast.AST) -> Found:
    """AWS clients are configured with both time-outs; HTTP ones have a time-out or a transport that bounds the call."""
    for call in calls(tree):
        name, given = called(call), {keyword.arg for keyword in call.keywords}
        if re.search(r"(^|\.)create_client$|^boto3\.(client|resource)$|session\.(client|resource)$", name):
            if "config" not in given:
                yield call.lineno, f"{name} without config=Config(connect_timeout, read_timeout, retries)"
        elif re.search(r"(^|\.)Config$", name) and not {"connect_timeout", "read_timeout", "retries"} <= given:
            yield call.lineno, "Config needs connect_timeout, read_timeout and retries"
        elif re.search(r"^httpx\.(Client|get|post|put|request|stream)$", name) and not given & {"timeout", "transport"}:
            yield call.lineno, f"{name} without timeout or bounded transport"
        elif name.endswith("urlopen") and "timeout" not in given:
            yield call.lineno, "urlopen without timeout"


def silent_handlers(tree: ast.AST) -> Found:
    """Everything caught and nothing done: not logged, not raised, not answered."""
    for node in nodes(tree):
        if isinstance(node, ast.ExceptHandler):
            caught = "Exception" if node.type is None else ast.unparse(node.type)
            nothing = all(isinstance(one, ast.Pass | ast.Continue) or _is_text(one) for one in node.body)
            if caught in _BROAD and nothing:
                yield node.lineno, f"except {caught} that does nothing"
    for call in calls(tree):
        if called(call).endswith("suppress") and any(ast.unparse(one) in _BROAD for one in call.args):
            yield call.lineno, "suppress(Exception)"


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def bare_secrets(tree: ast.AST) -> Found:
    """A field or parameter that holds a secret has a type that cannot be printed."""
    for node in nodes(tree):
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            name = ast.unparse(node.target) if isinstance(node, ast.AnnAssign) else node.arg
            if _SECRETS.search(name) and re.fullmatch(r"str( \| None)?", ast.unparse(node.annotation)):
                yield node.lineno, f"{name} is a str: use Secret"


CHECKS: dict[str, tuple[Callable[[ast.AST], Found], tuple[str, ...], str]] = {
    # name: (check, where it holds, a violation that it must find)
    "functions are short": (too_long_functions, ("",), "def f():\n" + "    pass\n" * LONGEST_FUNCTION),
    "nothing is printed": (prints, CLOUD, "print('x')"),
    "the clock is injected": (times_of_day, (*CLOUD, "sandbox/"), "def f():\n    return datetime.datetime.now(UTC)"),
    "money is never a float": (floats_of_money, (*CLOUD, "sandbox/"), "x = float(line['Amount'])"),
    "clients have deadlines": (clients_without_deadline, CLOUD, "c = session.create_client('sqs')"),
    "failures are not swallowed": (silent_handlers, ("",), "try:\n    f()\nexcept Exception:\n    pass"),
    "secrets have their type": (bare_secrets, CLOUD, "def f(client_secret: str) -> None: ..."),
}
# file: why a check does not hold there
EXEMPT = {
    ("the clock is injected", CLOCK): "it is the clock",
    ("the clock is injected", "sandbox/clock.py"): "it is the sandbox's clock",
}


@pytest.mark.parametrize("name", CHECKS)
def test_files_keep_to(name: str) -> None:
    check, places, _ = CHECKS[name]
    found = []
    for path in tracked(".py"):
        if path.startswith(places) and (name, path) not in EXEMPT:
            found += [f"{path}:{line}: {what}" for line, what in check(parsed(path))]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", CHECKS)
def test_a_planted_violation_is_found(name: str) -> None:
    check, _, planted = CHECKS[name]
    assert list(check(ast.parse(planted)))


PLANTED_MORE = [
    (times_of_day, "now = datetime.utcnow()"),
    (times_of_day, "now = time.time()"),
    (floats_of_money, "def f(total: float) -> None: ..."),
    (clients_without_deadline, "c = httpx.Client()"),
    (clients_without_deadline, "c = Config(read_timeout=5)"),
    (clients_without_deadline, "with urllib.request.urlopen(url) as f: ..."),
    (silent_handlers, "for x in y:\n    try:\n        f()\n    except:\n        continue"),
    (silent_handlers, "with contextlib.suppress(Exception):\n    f()"),
    (bare_secrets, "class A:\n    refresh_token: str | None = None"),
]


@pytest.mark.parametrize(("check", "planted"), PLANTED_MORE, ids=[planted for _, planted in PLANTED_MORE])
def test_other_forms_of_a_violation_are_found(check: Callable[[ast.AST], Found], planted: str) -> None:
    assert list(check(ast.parse(planted)))


def test_no_file_is_longer_than_people_read() -> None:
    counted = {path: len((ROOT / path).read_text().splitlines()) for path in tracked(".py")}
    assert counted
    assert {path: lines for path, lines in counted.items() if lines > LONGEST_FILE} == {}


def comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def unfinished(text: str) -> list[int]:
    if not _UNFINISHED.search(text):  # taking every file to pieces would take ten seconds
        return []
    return [line for line, comment in comments(text) if _UNFINISHED.search(comment)]


def test_nothing_is_left_to_do_in_a_comment() -> None:
    found = [f"{path}:{line}" for path in tracked(".py") for line in unfinished((ROOT / path).read_text())]
    assert found == []
    assert unfinished("x = 1  # TO" + "DO: later") == [1]


def test_no_tracked_file_names_a_place_of_one_machine() -> None:
    found = []
    for path in tracked():
        try:
            text = (ROOT / path).read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{path}: {match.group()}" for match in _MACHINE_PATH.finditer(text)]
    assert found == []
    assert _MACHINE_PATH.search("open('/ho" + "me/someone/x')")
    assert not _MACHINE_PATH.search("${ROOT}/wo" + "rk/x https://host/home/page")
