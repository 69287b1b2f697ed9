"""The AWS emulator (ministack, pinned) as this project runs it: loopback only, with a front door for the HTTP API.

Nothing of ministack is patched: what its CloudFormation leaves out is set afterwards by calls of the public AWS API
(local/deploy.py), and the front door is an ASGI wrapper around its public application.
"""
