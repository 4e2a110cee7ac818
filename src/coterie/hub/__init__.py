"""The hub: accounts, access, and starting and stopping machines. It never decodes a keystroke."""
