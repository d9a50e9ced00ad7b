"""Series of tournaments over HTTP."""
