/** Name, e-mail address and colour. */
import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { useChangeMe } from "../api/account";
import type { Me } from "../api/types";
import { Failure } from "../components/Failure";
import { fieldsOf, toldByFields } from "../components/fields";
import { Saved } from "../components/Saved";
import { ColourField } from "./ColourField";
import { displayNameProblem } from "./rules";

export function ProfileForm({ me }: { me: Me }) {
  const change = useChangeMe();
  const [name, setName] = useState(me.display_name);
  const [email, setEmail] = useState(me.email);
  const [colour, setColour] = useState(me.colour);
  const [problem, setProblem] = useState<string | undefined>();
  const wrong = fieldsOf(change.error);
  const changed = name.trim() !== me.display_name || email.trim() !== me.email || colour !== me.colour;

  function submit(event: FormEvent): void {
    event.preventDefault();
    const found = displayNameProblem(name);
    setProblem(found);
    if (!found) change.mutate({ display_name: name.trim(), email: email.trim(), colour });
  }

  return (
    <form onSubmit={submit} noValidate aria-label="Profile">
      <Stack gap="md">
        <TextInput label="Username" value={me.username} readOnly description="It stands in addresses and does not change." />
        <TextInput
          label="Name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={problem ?? wrong.display_name}
          autoComplete="name"
        />
        <TextInput
          label="E-mail address"
          description="Stands in the commits you make in terminals. Coterie sends no mail."
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          error={wrong.email}
          type="email"
          autoComplete="email"
        />
        <ColourField name={name} value={colour} onChange={setColour} />
        {toldByFields(change.error, ["display_name", "email"]) ? null : <Failure error={change.error} />}
        <Group>
          <Button type="submit" loading={change.isPending} disabled={!changed}>
            Save
          </Button>
          <Saved text={change.isSuccess && !changed ? "Saved" : ""} />
        </Group>
      </Stack>
    </form>
  );
}
