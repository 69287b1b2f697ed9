"""What documents bring along besides their fields: whose they are, how sure their reader was, their file."""

import base64
import binascii
import hashlib
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema, field_validator, model_validator

from functions.publish.values import Name, Share, printable
from shared.aws.http import Model
from shared.domain.item_drafts import FileDraft

MOST_CONFIDENCES: Final = 200
LONGEST_URL: Final = 2048

PersonId = Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(printable)]
FieldPath = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(printable)]
FileUrl = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_URL),
    WithJsonSchema({"type": "string", "format": "uri", "examples": ["https://files.example.com/receipts/17.pdf"]}),
]


class InlineFile(Model):
    """A file in the body itself, as far as the body's bound lets it: some 700 KB. Larger ones have an address."""

    name: Name
    content: str = Field(min_length=4, description="The file's bytes in base64 (RFC 4648, with padding)")

    @field_validator("content")
    @classmethod
    def _decodes(cls, value: str) -> str:
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("this is not base64") from None
        return value

    def draft(self) -> FileDraft:
        content = base64.b64decode(self.content)
        return FileDraft(name=self.name, content=content, sha256=hashlib.sha256(content).hexdigest())


class Arriving(Model):
    """The part of an item's body that is about how it comes in."""

    owner: PersonId | None = Field(None, description="Your id of the person whose document it is")
    confidence: dict[FieldPath, Share] = Field(
        default_factory=dict,
        max_length=MOST_CONFIDENCES,
        description="How sure the reader of the document was of a field, by its path (`total`, `lines[0].amount`)",
    )
    file_url: FileUrl | None = Field(
        None,
        exclude=True,
        description=(
            "Where the document's file is fetched from: https, a public host, no redirect, at most 25 MB. The item "
            "waits for it (`file_under_way`); a file that does not come is a reason of the item (`file_not_fetched`)"
        ),
    )
    file: InlineFile | None = Field(None, exclude=True)

    @model_validator(mode="after")
    def _one_file(self) -> "Arriving":
        if self.file_url is not None and self.file is not None:
            raise ValueError("a document has one file: `file` or `file_url`")
        return self

    def file_draft(self) -> FileDraft | None:
        if self.file is not None:
            return self.file.draft()
        return FileDraft(url=self.file_url) if self.file_url is not None else None
