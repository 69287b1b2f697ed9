"""Adding a provider is one folder, one simulation and one line in the registry, as docs/providers/adding.md says."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from rehearsal.software import Effect, software
from sandbox.providers import PROVIDERS
from shared.providers import registry
from shared.providers.facts import Guarantee
from tests.integration.providers.suite import against, every

ROOT = Path(__file__).resolve().parents[2]
MODULES = ("profile", "calls", "mapping", "faults")
EFFECTS = set(get_args(Effect))


def folders(room: Path) -> set[str]:
    return {package.parent.name for package in room.glob("*/__init__.py")}


def missing(root: Path, name: str) -> Iterator[str]:
    """What a provider lacks of all that belongs to one."""
    wanted = [f"shared/providers/{name}/{module}.py" for module in MODULES]
    wanted += [f"sandbox/{name}/simulation.py", f"rehearsal/softwares/{name}.py", f"docs/providers/{name}.md"]
    yield from (path for path in wanted if not (root / path).is_file())


@pytest.mark.parametrize("name", registry.names())
def test_each_has_everything_that_belongs_to_a_provider(name: str) -> None:
    assert list(missing(ROOT, name)) == []
    assert software(name).name == registry.profile(name).name == name
    assert registry.profile(name).url_variable == f"LEDGERBRIDGE_{name.upper()}_URL"


def test_the_registry_the_folders_and_the_simulations_name_the_same() -> None:
    names = set(registry.names())
    assert folders(ROOT / "shared" / "providers") == names
    assert {make.name for make in PROVIDERS} == names  # type: ignore[attr-defined]
    assert {path.stem for path in (ROOT / "rehearsal" / "softwares").glob("*.py")} - {"__init__"} == names


@pytest.mark.parametrize("name", registry.names())
def test_a_profile_says_why_for_all_that_the_fault_suite_leaves_out_and_for_nothing_else(name: str) -> None:
    profile = registry.profile(name)
    unshown: set[Guarantee] = EFFECTS - set(software(name).calls)
    if profile.publishing.batch_elements == 1:
        unshown.add("several_in_one_call")
    assert set(profile.cannot_show) == unshown
    assert all(reason.endswith(".") for reason in profile.cannot_show.values())


def test_the_fault_suite_runs_against_all() -> None:
    assert [param.values[0] for param in every().args[1]] == list(registry.names())
    left_out = against("bill", "payment")
    assert [mark.name for mark in left_out.marks] == ["skip"]
    assert registry.profile("bill").cannot_show["payment"] in left_out.marks[0].kwargs["reason"]


def test_the_page_names_every_file_and_line() -> None:
    page = (ROOT / "docs" / "providers" / "adding.md").read_text()
    for text in (
        *(f"`{module}.py`" for module in MODULES),
        "`shared/providers/registry.py`",
        "`sandbox/providers.py`",
        "`rehearsal/softwares/<name>.py`",
        "`docs/providers/<name>.md`",
        "`cannot_show`",
    ):
        assert text in page, f"docs/providers/adding.md does not name {text}"


def test_what_is_missing_is_found(tmp_path: Path) -> None:
    assert len(list(missing(tmp_path, "ledgerly"))) == len(MODULES) + 3
    (tmp_path / "docs" / "providers").mkdir(parents=True)
    (tmp_path / "docs" / "providers" / "ledgerly.md").touch()
    assert len(list(missing(tmp_path, "ledgerly"))) == len(MODULES) + 2
