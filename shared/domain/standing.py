"""How publishing stands in the whole stack: held by an operator, and what a restore of tables has made uncertain."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

# Above any number of times that one lease can have been taken.
_EPOCHS_OF_A_GENERATION: Final = 10**12


@dataclass(frozen=True, slots=True)
class Standing:
    """One record per stack, read once per drain. Times are UTC.

    `generation` grows with every restore, and with it all epochs: leases that a restore has set back fence again.
    `restored_to` is the earliest point in time that tables were ever set back to, `restored_at` the end of the last
    restore: what was sent in between is known to the provider alone.
    """

    held_at: datetime | None = None
    generation: int = 0
    restored_to: datetime | None = None
    restored_at: datetime | None = None
    version: int = 0

    @property
    def held(self) -> bool:
        return self.held_at is not None

    def epoch(self, lease_epoch: int) -> int:
        """The stack-wide epoch of a lease's holder: later than that of any holder before a restore."""
        return self.generation * _EPOCHS_OF_A_GENERATION + lease_epoch

    def unsure_of(self, created_at: datetime) -> bool:
        """Whether what was created then, and is not published here, may be at the provider all the same."""
        return self.restored_at is not None and created_at < self.restored_at
