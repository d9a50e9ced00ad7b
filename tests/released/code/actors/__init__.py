"""What a node decides, apart from how it reaches the world.

Trio tasks and channels only: time, chance, storage and sockets come in through ``actors.ports``. That is what
lets the simulation run whole nodes on a seeded schedule, so this package makes no exceptions.
"""
