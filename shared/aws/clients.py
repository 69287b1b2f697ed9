"""AWS clients: one per service, made on first use, with time-outs and bounded retries."""

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from botocore.session import Session
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_kms.client import KMSClient
    from types_boto3_s3.client import S3Client
    from types_boto3_secretsmanager.client import SecretsManagerClient
    from types_boto3_sqs.client import SQSClient
    from types_boto3_stepfunctions.client import SFNClient

CONNECT_TIMEOUT: Final = 2.0  # seconds
READ_TIMEOUT: Final = 5.0  # seconds; DynamoDB, KMS and SQS answer in milliseconds
FILE_READ_TIMEOUT: Final = 20.0  # seconds, for S3: 25 MB have to pass
ATTEMPTS: Final = 4


class Clients:
    """Low-level clients (botocore sessions start faster than boto3's, and no resource layer is needed).

    `path_style` asks S3 by path instead of by host name, which a simulated S3 at localhost needs.
    """

    def __init__(self, *, path_style: bool = False) -> None:
        self._path_style = path_style

    @cached_property
    def _session(self) -> "Session":
        from botocore.session import get_session

        return get_session()

    def _client(self, service: str, read_timeout: float = READ_TIMEOUT, **config: Any) -> Any:
        from botocore.config import Config

        return self._session.create_client(
            service,
            config=Config(
                connect_timeout=CONNECT_TIMEOUT,
                read_timeout=read_timeout,
                retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                **config,
            ),
        )

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        # Threads of one worker (uploads, look-ups) share the client.
        return cast("DynamoDBClient", self._client("dynamodb", max_pool_connections=16))

    @cached_property
    def sqs(self) -> "SQSClient":
        return cast("SQSClient", self._client("sqs"))

    @cached_property
    def stepfunctions(self) -> "SFNClient":
        return cast("SFNClient", self._client("stepfunctions"))

    @cached_property
    def kms(self) -> "KMSClient":
        return cast("KMSClient", self._client("kms"))

    @cached_property
    def secretsmanager(self) -> "SecretsManagerClient":
        return cast("SecretsManagerClient", self._client("secretsmanager"))

    @cached_property
    def s3(self) -> "S3Client":
        style = "path" if self._path_style else "virtual"
        return cast(
            "S3Client",
            self._client("s3", FILE_READ_TIMEOUT, signature_version="s3v4", s3={"addressing_style": style}),
        )
