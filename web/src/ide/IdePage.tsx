/** The page of one workspace: everything of it lives as long as this page shows the same workspace. */
export default function IdePage({ id }: { id: string }) {
  return <main data-workspace={id} />;
}
