"""Where a new workspace's first files come from: a git repository or an archive, neither of which is trusted."""
