"""What waits to leave a transaction: jobs, mail, and commands for streams."""
