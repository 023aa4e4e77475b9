"""Programs to compare rnnlab with, each in a process of its own, with the best settings found for it."""
