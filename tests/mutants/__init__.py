"""Hand-made mutants: small mistakes where something would be lost or doubled, each with the test that finds it.
``make mutants`` runs them.
"""
