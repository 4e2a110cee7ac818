"""Machines: how a workspace gets a place to run; one driver per kind of place."""
