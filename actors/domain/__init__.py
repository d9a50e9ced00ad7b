"""Pure rules shared by several kinds of stream, such as permissions and rate limits.

No I/O, no tasks, no clock: values in, a decision out.
"""
