"""One refresh in a process of its own, as the worker runs it; prints what it took as one line of JSON.

Started by benchmarks.refresh with the worker's environment. Memory is the process's own high-water mark.
"""

import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from shared.aws.clock import Clock
from shared.aws.settings import Settings
from shared.domain.ids import new_id
from shared.domain.refresh_requests import RefreshRequest
from shared.usecases.refresh_lists import Outcome, refresh_lists
from shared.usecases.service import Service


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def _count_entries(service: Service) -> list[int]:
    """Rows of list entries that are written from now on, seen where the client sends them."""
    written = [0]

    def seen(params: dict[str, Any], **_: Any) -> None:
        written[0] += sum(len(requests) for requests in params["RequestItems"].values())

    service.clients.dynamodb.meta.events.register("provide-client-params.dynamodb.BatchWriteItem", seen)
    return written


def main() -> int:
    asked = json.loads(sys.argv[1])
    ahead = timedelta(minutes=asked["minutes_ahead"])
    service = Service(Settings.read(os.environ), Clock(source=lambda: datetime.now(UTC) + ahead))
    written = _count_entries(service)
    now = service.clock.now()
    request = RefreshRequest(
        new_id(now), asked["tenant"], asked["account"], asked["connection"], "benchmark", now, full=asked["full"]
    )
    began, worked = time.perf_counter(), time.process_time()
    outcome = refresh_lists(service, request, now + timedelta(minutes=20))
    figures = {
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(time.process_time() - worked, 2),
        "peak_mb": round(_peak_mb(), 1),
        "rows_written": written[0],
    }
    print(json.dumps(figures))
    return 0 if outcome is Outcome.DONE else 1


if __name__ == "__main__":
    sys.exit(main())
