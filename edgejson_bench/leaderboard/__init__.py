"""The leaderboard: from submissions alone to tables. Nothing here scores, and no row comes from anywhere else."""
