"""Documents: rooms, update logs, the disk as a participant."""
