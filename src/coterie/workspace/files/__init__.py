"""The file tree of a workspace: listing, watching, finding, changing, and moving contents over HTTP."""
