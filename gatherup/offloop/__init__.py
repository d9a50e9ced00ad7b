"""Work that would hold the loop runs in worker processes of low priority."""
