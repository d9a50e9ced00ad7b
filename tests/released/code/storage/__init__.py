"""Where state rests. Drivers are imported here and nowhere else.

Each subpackage implements ports of ``actors.ports`` for one system and translates that driver's errors at one
seam.
"""
