"""Queues, vault (KMS), documents (S3), secrets, settings, clock, log and the HTTP edge."""
