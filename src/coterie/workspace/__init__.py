"""The workspace server: one per running workspace, inside its machine; owns all of its live state."""
