/** What administrators look after: who has an account, and who may get one. */
import { Button, Group, Title } from "@mantine/core";
import { Link } from "wouter";
import { useMe } from "../api/account";
import { Empty } from "../components/Empty";
import { Section } from "../components/Section";
import { useTitle } from "../components/useTitle";
import { Invitations } from "./Invitations";
import { People } from "./People";

export default function AdminPage() {
  useTitle("Administration");
  const me = useMe().data;
  if (!me) return null;
  if (!me.administrator) {
    return (
      <Empty order={1} title="For administrators" text="You do not administer this Coterie. Ask somebody who does to make you one.">
        <Group mt="sm">
          <Button component={Link} href="/" variant="default">
            Go to your workspaces
          </Button>
        </Group>
      </Empty>
    );
  }
  return (
    <>
      <Title order={1} mb="xl">
        Administration
      </Title>
      <Section wide title="Invitations" text="Whoever opens an invitation’s link makes an account of their own.">
        <Invitations />
      </Section>
      <Section wide title="People" text="A disabled account is signed out at once, and keeps its workspaces.">
        <People me={me} />
      </Section>
    </>
  );
}
