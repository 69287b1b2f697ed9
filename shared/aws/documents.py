"""S3: the files of items, and batch bodies too large for a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

FORM_LIFETIME: Final = 900  # seconds
_MISSING: Final = {"404", "NoSuchKey", "NotFound"}
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as S3 knows it. `size` in bytes; `etag` changes with the content."""

    size: int
    etag: str


class Documents:
    """One bucket. Keys are made by the callers from validated ids, never from names that people give."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def upload_form(self, key: str, *, largest: int, seconds: int = FORM_LIFETIME) -> dict[str, Any]:
        """A presigned POST form {url, fields} that takes one file of 1 to `largest` bytes under `key`."""
        return self._client.generate_presigned_post(
            Bucket=self._bucket,
            Key=key,
            Conditions=[["content-length-range", 1, largest]],
            ExpiresIn=seconds,
        )

    def head(self, key: str) -> Stored | None:
        """Size and etag of an object, or None where there is none."""
        from botocore.exceptions import ClientError

        try:
            answer = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise
        return Stored(answer["ContentLength"], answer["ETag"])

    def get(self, key: str, *, first: int | None = None) -> bytes | None:
        """The object's bytes, or only the `first` so many; None where there is no such object."""
        from botocore.exceptions import ClientError

        try:
            if first is None:
                return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            return self._client.get_object(Bucket=self._bucket, Key=key, Range=f"bytes=0-{first - 1}")["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise

    def chunks(self, key: str) -> Iterator[bytes]:
        """The object piece by piece (1 MB), for digests without holding a whole file in memory."""
        yield from self._client.get_object(Bucket=self._bucket, Key=key)["Body"].iter_chunks(_CHUNK)

    def put(self, key: str, content: bytes) -> None:
        """Store bytes under a key; the same key with the same bytes may be put again."""
        self._client.put_object(Bucket=self._bucket, Key=key, Body=content)
