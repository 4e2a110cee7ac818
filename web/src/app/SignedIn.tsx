/** Lets only signed-in people through; everyone else goes to sign in and comes back to where they wanted to go. */
import type { ReactNode } from "react";
import { Button, Group } from "@mantine/core";
import { Redirect, useLocation } from "wouter";
import { ApiError, sentenceOf } from "../api/errors";
import { useMe } from "../api/account";
import { useLive } from "../api/live";
import { Busy } from "../components/Busy";
import { Centered } from "../components/Centered";
import { signInAddress } from "./next";

export function SignedIn({ children }: { children: ReactNode }) {
  const [location] = useLocation();
  const me = useMe();
  useLive(me.data?.id);
  if (me.data) return children;
  if (me.error instanceof ApiError && me.error.code === "signed-out") {
    return <Redirect to={signInAddress(location + window.location.hash)} replace />;
  }
  if (me.error) {
    return (
      <Centered title="Coterie does not answer" text={sentenceOf(me.error)}>
        <Group>
          <Button loading={me.isFetching} onClick={() => void me.refetch()}>
            Try again
          </Button>
        </Group>
      </Centered>
    );
  }
  return <Busy label="Looking up who you are" />;
}
