"""Kinds of values that several bodies have in common."""

from typing import Annotated, Any, Final, Self

from pydantic import ConfigDict, StringConstraints, model_validator

from shared.aws.http import Model

# No control characters and not blank: names are shown to people and sent to providers.
TEXT: Final = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=TEXT)]
UserId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=TEXT)]
Email = Annotated[str, StringConstraints(min_length=3, max_length=254, pattern=r"^[^\s@\x00-\x1f]+@[^\s@\x00-\x1f]+$")]
Url = Annotated[str, StringConstraints(min_length=8, max_length=2000, pattern=r"^https?://[^\s\\\x00-\x1f\x7f]+$")]
ProviderName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
EntryId = Annotated[str, StringConstraints(pattern=r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]


class Patch(Model):
    """A body of which only what is given changes; at least one field is given."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    @model_validator(mode="after")
    def something_changes(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("give at least one field to change")
        return self

    def changes(self) -> dict[str, Any]:
        """The fields that were given, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def left_alone() -> Any:
    """The default of a patch's field that may be left out but not be null. It is never read: see `changes`."""
    return None
