"""Providers by name, imported no sooner than they are used."""

import subprocess
import sys

import pytest

from shared.domain.connections import Destination
from shared.domain.errors import LedgerbridgeError
from shared.providers import registry
from shared.providers.contract import Provider


def test_every_name_is_a_provider_with_its_profile() -> None:
    for name in registry.names():
        provider: Provider = registry.provider(name)
        assert provider.profile is registry.profile(name)
        assert provider.profile.name == name
        pulled = [kind for kinds in provider.list_groups() for kind in kinds]
        assert sorted(pulled) == sorted(provider.profile.kinds)
        assert provider.profile.delta_kinds <= set(provider.profile.kinds)
        offered = {one for destinations in provider.profile.destinations.values() for one in destinations}
        assert offered == set(provider.profile.publish_as)
        assert Destination.EXPENSE_CLAIMS not in offered


def test_a_file_that_a_repeat_would_double_rests_before_it_is_sent_again() -> None:
    facts = {name: registry.profile(name).publishing for name in registry.names()}
    doubled = [name for name, one in facts.items() if not (one.file_replaced_by_name or one.file_settle)]
    assert doubled == []


def test_an_unknown_name_is_refused_before_anything_is_imported() -> None:
    for name in ("os", "xero.profile", ""):
        with pytest.raises(LedgerbridgeError):
            registry.provider(name)


def test_the_catalogue_of_providers_imports_no_http() -> None:
    code = (
        "import sys; from shared.providers import registry; [registry.profile(n) for n in registry.names()];"
        "print(sorted({'httpx', 'httpcore', 'authlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_call_imports_no_oauth() -> None:
    code = (
        "import sys; from shared.providers import registry; registry.provider('xero');"
        "print(sorted({'authlib', 'boto3', 'requests'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
