"""The error codes about workflows."""

from typing import Final

from shared.domain.document_codes import Row
from shared.domain.errors import Handling

WORKFLOWS: Final[list[Row]] = [
    (
        "workflow_in_progress",
        Handling.ASK_USER,
        409,
        "Another workflow is at work on the account: `details.workflow` names it, `details.by` who began it.",
        "Wait for its end, or cancel it; then begin again.",
    ),
    (
        "workflow_failed",
        Handling.ASK_USER,
        409,
        "A step of the workflow failed again and again; what it had begun was undone.",
        "Begin again; tell us the workflow's id if it fails once more.",
    ),
    (
        "workflow_not_cancellable",
        Handling.ASK_USER,
        409,
        "The workflow has done what it is for, or has ended.",
        "Read the workflow; a merge that was applied can be undone.",
    ),
]
