"""Build what a function ships: its own area of functions/, shared/, and the locked wheels, compiled.

Run by the Makefile for `sam build` (`python -m local.artifact ConnectFunction DIR --arch arm64 --python 3.13`), by the
local deploy and by the packaging tests. The wheels of one target are installed once and copied into each artifact.
"""

import argparse
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local import template

ROOT = Path(__file__).resolve().parent.parent
# botocore's data folder is nine tenths of its size: only what a function calls is shipped.
AWS_SERVICES = frozenset({"dynamodb", "kms", "s3", "secretsmanager", "sqs", "stepfunctions", "sts"})
# 1980-01-01, the earliest time a zip can hold: the same sources make the same artifact.
_MTIME = 315532800
_LAMBDA_ROOT = "/var/task"
_ABI = {"arm64": "aarch64", "x86_64": "x86_64"}


@dataclass(frozen=True)
class Target:
    """What the wheels are for. `platform` is uv's name of it, None for this machine's own."""

    arch: str
    python: str
    platform: str | None

    @classmethod
    def of_lambda(cls, arch: str, python: str) -> "Target":
        """Lambda's Amazon Linux 2023 has glibc 2.34 (AWS Lambda, runtimes); wheels for 2.28 run there."""
        if arch not in _ABI:
            raise ValueError(f"arch is arm64 or x86_64, not {arch!r}")
        return cls(arch, python, f"{_ABI[arch]}-manylinux_2_28")

    @classmethod
    def of_this_machine(cls) -> "Target":
        return cls(platform.machine(), f"{sys.version_info.major}.{sys.version_info.minor}", None)


class BuildError(Exception):
    """The artifact cannot be built; the message says what to do."""


def find_uv() -> str:
    """The project's own uv, or one on the PATH."""
    own = ROOT / ".tools" / "uv" / "bin" / "uv"
    found = str(own) if own.exists() else shutil.which("uv")
    if not found:
        raise BuildError("uv is missing: run `make setup`")
    return found


def _run(command: list[str], what: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode != 0:
        raise BuildError(f"{what} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def _requirements() -> str:
    """The locked versions, with hashes, of pyproject's `dependencies` and nothing else."""
    export = ["export", "--frozen", "--no-default-groups", "--no-emit-project", "--no-header", "--no-annotate"]
    return _run([find_uv(), *export], "uv export")


def _trim(folder: Path) -> None:
    """Take out what no function reads: other services' descriptions, scripts, installer notes."""
    for package in ("botocore", "boto3"):
        data = folder / package / "data"
        for entry in data.iterdir() if data.exists() else ():
            if entry.is_dir() and entry.name not in AWS_SERVICES:
                shutil.rmtree(entry)
    shutil.rmtree(folder / "bin", ignore_errors=True)
    shutil.rmtree(folder / "boto3" / "examples", ignore_errors=True)
    (folder / ".lock").unlink(missing_ok=True)
    for info in folder.glob("*.dist-info"):
        for name in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"):
            (info / name).unlink(missing_ok=True)


def _interpreter(python: str) -> str | None:
    if python == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    command = [find_uv(), "python", "find", "--no-python-downloads", "--no-project", python]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if found.returncode == 0:
        return found.stdout.strip()
    # pyenv hides the versions that are not chosen from the PATH.
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    return next((str(path) for path in sorted(pyenv.glob(f"versions/{python}.*/bin/python"))), None)


def _compile(folder: Path, python: str, *, release: bool) -> None:
    """Ship .pyc files that are never checked against their source: Lambda's code folder is read-only."""
    interpreter = _interpreter(python)
    if interpreter is None:
        message = f"no Python {python} on this machine: the artifact has no compiled files and starts slower"
        if release:
            raise BuildError(f"{message}; a release build needs that interpreter")
        print(f"WARNING: {message}", file=sys.stderr)
        return
    flags = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", _LAMBDA_ROOT]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [interpreter, "-m", "compileall", *flags, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=600)
    if done.returncode != 0:
        raise BuildError(f"a source file does not compile for Python {python}: {done.stdout.strip()}")


def _fix_times(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (_MTIME, _MTIME))


@contextmanager
def _exclusive(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def wheels(target: Target, *, release: bool = False) -> Path:
    """The folder of installed, trimmed and compiled wheels for a target, made once per lock file."""
    requirements = _requirements()
    content = "\n".join(
        [requirements, repr(target), repr(sorted(AWS_SERVICES)), str(release), Path(__file__).read_text()]
    )
    key = hashlib.sha256(content.encode()).hexdigest()[:16]
    home = ROOT / "build" / "wheels"
    final = home / f"{target.arch}-{target.python}-{'lambda' if target.platform else 'here'}-{key}"
    with _exclusive(home / ".lock"):
        if final.exists():
            return final
        with tempfile.TemporaryDirectory(dir=home) as scratch:
            listing = Path(scratch) / "requirements.txt"
            listing.write_text(requirements)
            folder = Path(scratch) / "wheels"
            where = ["--target", str(folder), "--python-version", target.python]
            if target.platform:
                where += ["--python-platform", target.platform]
            flags = ["--only-binary", ":all:", "--require-hashes", "--no-compile-bytecode", "--link-mode", "copy"]
            command = [find_uv(), "pip", "install", "--quiet", *where, *flags, "-r", str(listing)]
            _run(command, f"installing the locked wheels for {target}")
            _trim(folder)
            _compile(folder, target.python, release=release)
            _fix_times(folder)
            folder.rename(final)
    return final


def _own_files() -> Iterator[Path]:
    for folder in (ROOT / "functions", ROOT / "shared"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".md":
                yield path


def _compile_own_code(folder: Path, target: Target, *, release: bool) -> None:
    """Have in `folder` the project's own code of all areas as it is now, compiled; what is there may be it already."""
    sources = {path.relative_to(ROOT): path.read_bytes() for path in _own_files()}
    hashed = hashlib.sha256(repr((target, release, Path(__file__).read_text())).encode())
    for name, content in sources.items():
        hashed.update(f"{name} {len(content)} ".encode() + content)
    made_from = folder.parent / f"{folder.name}.made-from"
    if folder.exists() and made_from.exists() and made_from.read_text() == hashed.hexdigest():
        return
    made_from.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in sources.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    _compile(folder, target.python, release=release)
    _fix_times(folder)
    made_from.write_text(hashed.hexdigest())


def _ships(name: Path, area: str) -> bool:
    """Whether a file of our own is for an area: shared/, the area's folder, and the package that holds it."""
    top, *below = name.parts
    of_package = name.name.split(".")[0] == "__init__" and below[:-1] in ([], ["__pycache__"])
    return top == "shared" or below[0] == area or of_package


def _link(source: str, copy: str) -> None:
    """The same file in another place; a copy where that is another disk. Nobody changes an artifact in place."""
    try:
        os.link(source, copy)
    except OSError:
        shutil.copy2(source, copy)


def copy_own_code(area: str, folder: Path, target: Target, *, release: bool = False) -> None:
    """Fill `folder` with the project's own part of an area's artifact, compiled: its functions and shared/.

    All areas are compiled at once and their parts are taken from there. Raises BuildError for an unknown area.
    """
    if not (ROOT / "functions" / area).is_dir():
        raise BuildError(f"functions/{area} does not exist")
    home = ROOT / "build" / "own"
    compiled = home / f"{target.arch}-{target.python}-{'lambda' if target.platform else 'here'}"
    with _exclusive(home / ".lock"):
        _compile_own_code(compiled, target, release=release)
        for path in sorted(compiled.rglob("*")):
            name = path.relative_to(compiled)
            if path.is_file() and _ships(name, area):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                _link(str(path), str(folder / name))


def build_area(area: str, folder: Path, target: Target, *, release: bool = False) -> None:
    """Fill `folder` with the artifact of the functions of one area.

    Raises BuildError when a wheel, the area or (for a release) the target's interpreter is missing.
    """
    installed = wheels(target, release=release)
    folder.mkdir(parents=True, exist_ok=True)
    copy_own_code(area, folder, target, release=release)
    shutil.copytree(installed, folder, dirs_exist_ok=True, copy_function=_link)
    _fix_times(folder)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.artifact", description=__doc__)
    parser.add_argument("function", help="logical id of a function in template.yaml")
    parser.add_argument("folder", type=Path, help="where to put the artifact")
    parser.add_argument("--arch", default="arm64", choices=sorted(_ABI), help="processor of the Lambda (default arm64)")
    parser.add_argument("--python", default="3.13", help="its Python (default 3.13)")
    parser.add_argument("--this-machine", action="store_true", help="for this machine and this interpreter instead")
    parser.add_argument("--release", action="store_true", help="refuse to build without compiled files")
    given = parser.parse_args()
    areas = {
        function.logical_id: function.area for function in template.functions(template.load(ROOT / "template.yaml"))
    }
    if given.function not in areas:
        parser.error(f"{given.function} is no function of template.yaml ({', '.join(areas)})")
    target = Target.of_this_machine() if given.this_machine else Target.of_lambda(given.arch, given.python)
    try:
        build_area(areas[given.function], given.folder, target, release=given.release)
    except BuildError as error:
        sys.exit(f"cannot build {given.function}: {error}")


if __name__ == "__main__":
    main()
