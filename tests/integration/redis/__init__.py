"""The bus on real servers that die, forget, refuse and fail over."""
