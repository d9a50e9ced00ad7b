"""The features of GatherUp, a package for each."""
