"""What a user would otherwise run, each in a process of its own, with the best settings found for it."""
