/** Who somebody wants to be: username, name and password, for the first administrator and for everyone who joins. */
import { Button, Stack, TextInput } from "@mantine/core";
import { useEffect, useRef, useState, type FormEvent } from "react";
import { PasswordField } from "../components/PasswordField";
import { Failure } from "../components/Failure";
import { fieldsOf, focusFirstWrong, toldByFields, type Sentences } from "../components/fields";
import { displayNameProblem, passwordProblem, repeatProblem, usernameProblem } from "./rules";

export interface NewAccount {
  username: string;
  display_name: string;
  password: string;
}

interface Props {
  action: string;
  pending: boolean;
  error: unknown;
  onSubmit: (account: NewAccount) => void;
}

const SHOWN = ["username", "display_name", "password"];

export function AccountForm({ action, pending, error, onSubmit }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const [username, setUsername] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [repeated, setRepeated] = useState("");
  const [own, setOwn] = useState<Sentences>({});
  const wrong = { ...fieldsOf(error), ...own };

  useEffect(() => {
    if (form.current) focusFirstWrong(form.current);
  }, [own, error]);

  function submit(event: FormEvent): void {
    event.preventDefault();
    const problems: Sentences = {
      username: usernameProblem(username),
      display_name: displayNameProblem(name),
      password: passwordProblem(password),
      repeated: repeatProblem(password, repeated),
    };
    const found = Object.values(problems).some(Boolean);
    setOwn(found ? problems : {});
    if (!found) onSubmit({ username, display_name: name.trim(), password });
  }

  return (
    <form ref={form} onSubmit={submit} noValidate aria-label={action}>
      <Stack gap="md">
        <TextInput
          label="Username"
          description="Small letters, digits and hyphens. Others invite you by it."
          value={username}
          onChange={(event) => setUsername(event.currentTarget.value.toLowerCase())}
          error={wrong.username}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
        />
        <TextInput
          label="Name"
          description="What others see beside your cursor."
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={wrong.display_name}
          autoComplete="name"
        />
        <PasswordField
          label="Password"
          description="At least 8 characters."
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={wrong.password}
          autoComplete="new-password"
        />
        <PasswordField
          label="Password again"
          value={repeated}
          onChange={(event) => setRepeated(event.currentTarget.value)}
          error={wrong.repeated}
          autoComplete="new-password"
        />
        {toldByFields(error, SHOWN) ? null : <Failure error={error} />}
        <Button type="submit" loading={pending} fullWidth>
          {action}
        </Button>
      </Stack>
    </form>
  );
}
