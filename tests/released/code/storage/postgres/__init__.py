"""PostgreSQL: the driver on Trio, its pool, the log and the repositories.

PostgreSQL alone decides what happened and who owns what.
"""
