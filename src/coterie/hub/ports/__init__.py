"""Web ports: programs of a workspace that serve pages, each on its own origin, never with the hub's cookies."""
