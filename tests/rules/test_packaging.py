"""What is shipped imports on its own dependencies alone, and is the same for Lambda's processor as for this machine."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from local import artifact, template

FUNCTIONS = template.functions(template.load(artifact.ROOT / "template.yaml"))
AREAS = sorted({function.area for function in FUNCTIONS})
# Files that rapidfuzz has for one processor alone: it looks for them and does without.
_FASTER_ON_X86 = re.compile(r"rapidfuzz/.*(_avx2|_sse2|_feature_detector_cpp)\.so$")
_ELF_AARCH64 = 183  # e_machine of an ELF header (System V ABI, EM_AARCH64)
# No site-packages (-S), no environment, no current folder (-I): the standard library and the artifact.
_IMPORT = (
    "import sys, importlib; sys.path.insert(0, {folder!r}); getattr(importlib.import_module({module!r}), {name!r})"
)

pytestmark = pytest.mark.soak  # every area is built twice
Artifacts = dict[tuple[str, str], Path]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    """The artifact of every area, for this machine and for Lambda."""
    home = tmp_path_factory.mktemp("artifacts")
    targets = {"here": artifact.Target.of_this_machine(), "lambda": artifact.Target.of_lambda("arm64", "3.13")}
    folders = {}
    for area in AREAS:
        for name, target in targets.items():
            folders[area, name] = home / name / area
            artifact.build_area(area, folders[area, name], target)
    return folders


def import_alone(folder: Path, handler: str) -> subprocess.CompletedProcess[str]:
    module, name = handler.rsplit(".", 1)
    code = _IMPORT.format(folder=str(folder), module=module, name=name)
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={},
        cwd="/",
        timeout=60,
    )


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.logical_id)
def test_every_handler_imports_from_its_artifact_alone(built: Artifacts, function: template.Function) -> None:
    done = import_alone(built[function.area, "here"], function.handler)
    assert done.returncode == 0, done.stderr


def test_a_requirement_of_the_development_environment_alone_is_noticed(tmp_path: Path) -> None:
    """pytest is installed here and not shipped: an artifact that needs it must not import."""
    (tmp_path / "planted.py").write_text("import pytest\nhandler = None\n")
    done = import_alone(tmp_path, "planted.handler")
    assert done.returncode != 0
    assert "No module named 'pytest'" in done.stderr


def files(folder: Path) -> set[str]:
    """Relative names, without what differs by interpreter and processor: endings of native files, compiled files."""
    names = set()
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            name = path.relative_to(folder).as_posix()
            names.add(re.sub(r"\.(cpython-\d+-[\w-]+|abi3)\.so$", ".so", name))
    return {name for name in names if not _FASTER_ON_X86.match(name)}


@pytest.mark.parametrize("area", AREAS)
def test_lambda_gets_the_same_files_as_this_machine(built: Artifacts, area: str) -> None:
    assert files(built[area, "lambda"]) == files(built[area, "here"])


@pytest.mark.parametrize("area", AREAS)
def test_native_files_are_for_lambdas_processor(built: Artifacts, area: str) -> None:
    native = [path for path in built[area, "lambda"].rglob("*.so*") if path.is_file()]
    assert native
    for path in native:
        header = path.read_bytes()[:20]
        assert header[:4] == b"\x7fELF", path
        assert int.from_bytes(header[18:20], "little") == _ELF_AARCH64, path


@pytest.mark.parametrize("area", AREAS)
def test_only_the_areas_own_code_is_shipped(built: Artifacts, area: str) -> None:
    folder = built[area, "here"]
    shipped = {path.name for path in (folder / "functions").iterdir() if path.name != "__pycache__"}
    assert shipped == {"__init__.py", area}
    for name in ("tests", "sandbox", "local", "ops", "docs", "bin", "pytest", "moto", "ministack"):
        assert not (folder / name).exists(), name
    services = {path.name for path in (folder / "botocore" / "data").iterdir() if path.is_dir()}
    assert services == set(artifact.AWS_SERVICES)


@pytest.mark.parametrize("area", AREAS)
def test_every_module_of_ours_is_compiled_and_never_checked_again(built: Artifacts, area: str) -> None:
    folder = built[area, "here"]
    tag = sys.implementation.cache_tag
    for source in [*folder.glob("functions/**/*.py"), *folder.glob("shared/**/*.py")]:
        compiled = source.parent / "__pycache__" / f"{source.stem}.{tag}.pyc"
        assert compiled.exists(), source
        # PEP 552: flags 0b01 is "hash-based, unchecked".
        assert int.from_bytes(compiled.read_bytes()[4:8], "little") == 0b01, compiled


def test_the_same_sources_make_the_same_artifact(built: Artifacts, tmp_path: Path) -> None:
    area = AREAS[0]
    again = tmp_path / area
    artifact.build_area(area, again, artifact.Target.of_this_machine())
    first = built[area, "here"]
    for path in sorted(first.rglob("*")):
        twin = again / path.relative_to(first)
        assert path.stat().st_mtime == twin.stat().st_mtime, path
        if path.is_file():
            assert path.read_bytes() == twin.read_bytes(), path
