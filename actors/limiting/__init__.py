"""Limits in time: how often something may be done, and how failures slow down the next try. Pure."""
