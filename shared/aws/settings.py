"""The environment, read once into one frozen value; everything wrong with it in one message."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

LOCAL_STAGE: Final = "local"
_TABLES: Final = ("connections", "lists", "rules", "items", "vault", "claims", "agenda", "organisations")
_QUEUES: Final = ("publish", "refresh", "deliver")
_TEXTS: Final = (
    "documents_bucket",
    "vault_key_arn",
    "provider_apps_secret",
    "signing_secret",
    "api_base_url",
    "default_issuer",
    "default_jwks_uri",
    "change_machine_arn",
    "merge_machine_arn",
)
_PROVIDER_PREFIX: Final = "LEDGERBRIDGE_"
_PROVIDER_SUFFIX: Final = "_URL"


class SettingsError(Exception):
    """The function's environment is not what its code needs; the message names every variable at fault."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a function was deployed with. A function is given only the variables of its own work.

    `provider_urls` replace scheme and host of a provider's addresses and exist on the local stage alone; that of the
    name `sandbox` stands for every provider, each at its name below it. `allow_loopback`, on the local stage alone too,
    lets callers name addresses of this very machine, where files and webhooks else are of the open internet.
    """

    stage: str
    clock_factor: float = 1.0
    tables: Mapping[str, str] = field(default_factory=dict)
    queues: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    provider_urls: Mapping[str, str] = field(default_factory=dict)
    allow_loopback: bool = False

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Settings":
        """The settings in an environment; raises SettingsError that lists every problem found."""
        stage = environment.get("STAGE", "")
        factor, problems = _clock_factor(environment.get("CLOCK_FACTOR", "1"))
        provider_urls = {
            name.removeprefix(_PROVIDER_PREFIX).removesuffix(_PROVIDER_SUFFIX).lower(): url
            for name, url in environment.items()
            if name.startswith(_PROVIDER_PREFIX) and name.endswith(_PROVIDER_SUFFIX) and url
        }
        if not stage:
            problems.append("STAGE is missing")
        elif stage != LOCAL_STAGE:
            problems += [f"{_PROVIDER_PREFIX}{name.upper()}{_PROVIDER_SUFFIX} is refused unless STAGE is local"
                         for name in sorted(provider_urls)]  # fmt: skip
            if factor != 1:
                problems.append("CLOCK_FACTOR is refused unless STAGE is local")
            if environment.get("ALLOW_LOOPBACK"):
                problems.append("ALLOW_LOOPBACK is refused unless STAGE is local")
        problems += _bad_addresses(environment)
        if problems:
            raise SettingsError("; ".join(problems))
        return cls(
            stage=stage,
            clock_factor=factor,
            tables=_present(environment, {name: f"{name.upper()}_TABLE" for name in _TABLES}),
            queues=_present(environment, {name: f"{name.upper()}_QUEUE_URL" for name in _QUEUES}),
            texts=_present(environment, {name: name.upper() for name in _TEXTS}),
            provider_urls={name: url.rstrip("/") for name, url in provider_urls.items()},
            allow_loopback=environment.get("ALLOW_LOOPBACK") == "true",
        )

    @property
    def is_local(self) -> bool:
        return self.stage == LOCAL_STAGE

    def table(self, name: str) -> str:
        """A table's name; raises SettingsError where this function was not given it."""
        return _given(self.tables, name, f"{name.upper()}_TABLE")

    def queue(self, name: str) -> str:
        """A queue's URL; raises SettingsError where this function was not given it."""
        return _given(self.queues, name, f"{name.upper()}_QUEUE_URL")

    def text(self, name: str) -> str:
        """One of the other settings (api_base_url, signing_secret, ...); raises SettingsError where it is absent."""
        return _given(self.texts, name, name.upper())


def _given(values: Mapping[str, str], name: str, variable: str) -> str:
    try:
        return values[name]
    except KeyError:
        raise SettingsError(f"{variable} is missing") from None


def _present(environment: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    return {name: environment[variable] for name, variable in variables.items() if environment.get(variable)}


def _clock_factor(text: str) -> tuple[float, list[str]]:
    try:
        factor = float(text)
    except ValueError:
        return 1.0, ["CLOCK_FACTOR is not a number"]
    return (factor, []) if 1 <= factor < 1000 else (1.0, ["CLOCK_FACTOR must be at least 1 and below 1000"])


def _bad_addresses(environment: Mapping[str, str]) -> list[str]:
    named = [name for name in environment if name.startswith(_PROVIDER_PREFIX) and name.endswith(_PROVIDER_SUFFIX)]
    named += ["API_BASE_URL", "DEFAULT_ISSUER", "DEFAULT_JWKS_URI", *(f"{name.upper()}_QUEUE_URL" for name in _QUEUES)]
    return [f"{name} is not an http(s) address" for name in named if not _is_address(environment.get(name))]


def _is_address(text: str | None) -> bool:
    if not text:
        return True
    parts = urlsplit(text)
    return parts.scheme in {"http", "https"} and bool(parts.netloc)
