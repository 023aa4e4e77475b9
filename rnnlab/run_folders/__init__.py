"""Run folders as folders: where they lie, who holds one, what its small files say, and how one is removed.

Nothing here validates a configuration or reads a weight, so that thousands of runs are listed at once.
"""
