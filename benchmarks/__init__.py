"""What the service costs beside what people write by hand: calls, time, memory, imports. `make bench` runs all."""
