"""`python -m benchmarks [imports|refresh|publishing]`: one of them, or all, the shortest first."""

import argparse
import time

from benchmarks import imports, publishing, refresh

_ALL = {"imports": imports.main, "refresh": refresh.main, "publishing": publishing.main}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("which", nargs="*", help="all when left out")
    chosen = parser.parse_args().which or list(_ALL)
    if not set(chosen) <= set(_ALL):
        parser.error(f"there are {', '.join(_ALL)}")
    for name in chosen:
        began = time.monotonic()
        _ALL[name]()
        print(f"{name}: {time.monotonic() - began:.0f} s, figures in benchmarks/results/{name}.json\n", flush=True)


if __name__ == "__main__":
    main()
