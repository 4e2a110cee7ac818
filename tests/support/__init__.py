"""What tests and benches share: a running hub, a client of the workspace socket, a git server."""
