"""The service at work beside the sandbox, on simulated AWS or DynamoDB Local: what tests and benchmarks stand on."""
