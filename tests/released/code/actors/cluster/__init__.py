"""Many nodes, one server: who owns which streams, and what goes from node to node.

PostgreSQL decides ownership (the Directory port); Redis only carries (the Bus port) and may lose anything.
"""
