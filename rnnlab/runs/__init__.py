"""Run folders: their layout, history, events, lock, listing and removal.

Other rooms write and read a run's files through this one alone.
"""
