/** The names of what the query cache holds. */
export const keys = {
  me: ["me"],
  setup: ["setup"],
  tokens: ["me", "tokens"],
  workspaces: ["workspaces"],
  members: (workspace: string) => ["members", workspace],
  users: ["admin", "users"],
  invitations: ["admin", "invitations"],
} as const;
