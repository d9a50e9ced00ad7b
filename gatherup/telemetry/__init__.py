"""What operators see: metrics, structured logs and the loop-hold watch.

No label ever carries the id of a room or a user.
"""
