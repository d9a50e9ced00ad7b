"""Pure decisions, one module per module under test; Hypothesis where a property says more than examples."""
