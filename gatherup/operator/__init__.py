"""What operators see and do of a cluster from anywhere: they need the database and nothing else."""
