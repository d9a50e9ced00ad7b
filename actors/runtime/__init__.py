"""The machinery under every stream: mailbox, cell, committer, supervisor, registry and router.

A cell decides a batch of commands against a working state and adopts, answers and publishes it only after
the committer made the events durable.
"""
