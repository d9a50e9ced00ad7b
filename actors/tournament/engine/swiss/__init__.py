"""Swiss rounds by FIDE's Dutch system, C.04.3 of the FIDE Handbook in the edition in force since 1 February 2026."""
