"""moto's AWS behind a loopback port, for programs of their own process; other paths are answered as a test says.

Only the JSON protocols (DynamoDB, SQS, Secrets Manager, KMS), which is all that first requests need.
"""

import base64
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.exceptions import ClientError
from botocore.session import Session

_SERVICES = {
    "DynamoDB_20120810": "dynamodb",
    "AmazonSQS": "sqs",
    "secretsmanager": "secretsmanager",
    "TrentService": "kms",
}
_BINARY = {"B", "CiphertextBlob"}  # a row's binary values, and what KMS is to open
_LOCK = threading.Lock()  # moto is not made for threads


def _method(operation: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()


def _sent(value: Any) -> Any:
    """A request's JSON as a client takes it: binary values are bytes there."""
    if isinstance(value, dict):
        return {
            name: base64.b64decode(one) if name in _BINARY and isinstance(one, str) else _sent(one)
            for name, one in value.items()
        }
    return [_sent(one) for one in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    """What JSON has no form for, as AWS writes it."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value.timestamp()


@contextmanager
def aws_over_http(session: Session, pages: Mapping[str, bytes]) -> Iterator[str]:
    """Serve AWS from a session whose calls moto answers, and `pages` by their path; yields the address."""
    clients = {name: session.create_client(name) for name in _SERVICES.values()}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0])
            self._answer(404 if page is None else 200, page or b"{}")

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            service, _, operation = self.headers.get("X-Amz-Target", "").partition(".")
            if not service:
                self.do_GET()
                return
            try:
                with _LOCK:
                    answer = getattr(clients[_SERVICES[service]], _method(operation))(**_sent(json.loads(raw or b"{}")))
            except ClientError as error:
                said = {"__type": error.response["Error"]["Code"], "message": str(error)}
                self._answer(400, json.dumps(said).encode())
                return
            answer.pop("ResponseMetadata")
            self._answer(200, json.dumps(answer, default=_plain).encode())

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
