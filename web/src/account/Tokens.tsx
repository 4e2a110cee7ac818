/** Personal access tokens: listed, made, revoked. A new one's secret is shown once. */
import { Button, Group, Loader, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { useCreateToken, useRevokeToken, useTokens } from "../api/account";
import type { Token } from "../api/types";
import { ConfirmButton } from "../components/ConfirmButton";
import { Failure } from "../components/Failure";
import { fieldsOf } from "../components/fields";
import { Secret } from "../components/Secret";
import { When } from "../components/When";
import classes from "./Tokens.module.css";

const LIFETIMES = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "One year" },
  { value: "", label: "No end" },
];

export function Tokens() {
  const tokens = useTokens();
  return (
    <Stack gap="lg">
      <NewToken />
      <Failure error={tokens.error} />
      {tokens.isPending ? <Loader size="sm" type="dots" aria-label="Fetching your tokens" /> : null}
      {tokens.data?.length === 0 ? (
        <Text size="sm" c="dimmed">
          You have no tokens.
        </Text>
      ) : null}
      {tokens.data && tokens.data.length > 0 ? (
        <ul className={classes.list} aria-label="Your tokens">
          {tokens.data.map((token) => (
            <TokenRow key={token.id} token={token} />
          ))}
        </ul>
      ) : null}
    </Stack>
  );
}

function NewToken() {
  const create = useCreateToken();
  const [name, setName] = useState("");
  const [days, setDays] = useState("90");
  const [problem, setProblem] = useState<string | undefined>();

  function submit(event: FormEvent): void {
    event.preventDefault();
    const found = name.trim() === "" ? "Say what it is for." : undefined;
    setProblem(found);
    if (found) return;
    create.mutate({ name: name.trim(), days: days === "" ? null : Number(days) }, { onSuccess: () => setName("") });
  }

  return (
    <form onSubmit={submit} noValidate aria-label="New token">
      <Stack gap="sm">
        <div className={classes.fields}>
          <TextInput
            label="What it is for"
            placeholder="Laptop"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={problem ?? fieldsOf(create.error).name}
          />
          <NativeSelect label="Valid for" data={LIFETIMES} value={days} onChange={(event) => setDays(event.currentTarget.value)} />
        </div>
        {fieldsOf(create.error).name ? null : <Failure error={create.error} />}
        <Group>
          <Button type="submit" variant="default" loading={create.isPending}>
            Create token
          </Button>
        </Group>
        {create.data ? (
          <Secret
            label={`Token ${create.data.name}`}
            text={create.data.token}
            note="Copy it now: it is shown this once only."
          />
        ) : null}
      </Stack>
    </form>
  );
}

function TokenRow({ token }: { token: Token }) {
  const revoke = useRevokeToken();
  return (
    <li className={classes.row}>
      <div className={classes.what}>
        <span className={classes.name}>{token.name}</span> <code className={classes.prefix}>{token.prefix}…</code>
        <Text size="sm" c="dimmed">
          {token.last_used ? (
            <>
              used <When at={token.last_used} />
            </>
          ) : (
            "never used"
          )}
          {" · "}
          {token.expires ? (
            <>
              {Date.parse(token.expires) < Date.now() ? "ended " : "ends "}
              <When at={token.expires} />
            </>
          ) : (
            "does not end"
          )}
        </Text>
      </div>
      <ConfirmButton
        size="xs"
        name={token.name}
        question="Really revoke?"
        loading={revoke.isPending}
        onConfirm={() => revoke.mutate(token.id)}
      >
        Revoke
      </ConfirmButton>
      {revoke.error ? (
        <div className={classes.failure}>
          <Failure error={revoke.error} />
        </div>
      ) : null}
    </li>
  );
}
