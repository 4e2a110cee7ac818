"""The `sandbox` driver: workspaces confined by bubblewrap, without images and without root."""
