"""What runs around a workspace server in a machine: standard library only, so it runs where nothing is installed."""
