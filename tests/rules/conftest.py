from collections.abc import Iterator

import pytest

from tests.rules.deployment import Deployment, deployed


@pytest.fixture(scope="module")  # not longer: a simulated AWS left on would be everybody's in this process
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Every function's artifact on simulated AWS, with one connected account."""
    with deployed(tmp_path_factory.mktemp("artifacts")) as made:
        yield made
