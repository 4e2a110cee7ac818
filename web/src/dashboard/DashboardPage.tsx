/** All workspaces the person sees. */
export function DashboardPage() {
  return null;
}
