"""Gatherings: tournaments that one registers with and checks in to once.

``kind`` puts its functions into the form that the runtime takes.
"""
