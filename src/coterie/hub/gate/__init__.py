"""The gate: lets people's WebSockets through to workspace servers, unread, and takes them away again."""
