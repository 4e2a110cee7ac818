/** Changing one's password. */
import { Button, Group, Stack } from "@mantine/core";
import { useEffect, useRef, useState, type FormEvent } from "react";
import { useChangePassword } from "../api/account";
import { ApiError } from "../api/errors";
import { PasswordField } from "../components/PasswordField";
import { Failure } from "../components/Failure";
import { fieldsOf, focusFirstWrong, toldByFields, type Sentences } from "../components/fields";
import { Saved } from "../components/Saved";
import { passwordProblem, repeatProblem } from "./rules";

/** The server's sentences by input; a wrong current password belongs to its input whether or not the server says so. */
function refused(error: unknown): Sentences {
  if (error instanceof ApiError && error.code === "wrong-password") return { current: error.sentence };
  return fieldsOf(error);
}

export function PasswordForm({ username }: { username: string }) {
  const form = useRef<HTMLFormElement>(null);
  const change = useChangePassword();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [repeated, setRepeated] = useState("");
  const [own, setOwn] = useState<Sentences>({});
  const wrong = { ...refused(change.error), ...own };

  useEffect(() => {
    if (form.current) focusFirstWrong(form.current);
  }, [own, change.error]);

  function submit(event: FormEvent): void {
    event.preventDefault();
    const problems: Sentences = {
      current: current === "" ? "Enter your present password." : undefined,
      new: passwordProblem(next),
      repeated: repeatProblem(next, repeated),
    };
    const found = Object.values(problems).some(Boolean);
    setOwn(found ? problems : {});
    if (found) return;
    change.mutate(
      { current, new: next },
      {
        onSuccess: () => {
          setCurrent("");
          setNext("");
          setRepeated("");
        },
      },
    );
  }

  return (
    <form ref={form} onSubmit={submit} noValidate aria-label="Password">
      {/* Tells password managers whose password this is. */}
      <input type="text" autoComplete="username" value={username} readOnly hidden />
      <Stack gap="md">
        <PasswordField
          label="Current password"
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
          error={wrong.current}
          autoComplete="current-password"
        />
        <PasswordField
          label="New password"
          description="At least 8 characters."
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
          error={wrong.new}
          autoComplete="new-password"
        />
        <PasswordField
          label="New password again"
          value={repeated}
          onChange={(event) => setRepeated(event.currentTarget.value)}
          error={wrong.repeated}
          autoComplete="new-password"
        />
        {wrong.current || toldByFields(change.error, ["new"]) ? null : <Failure error={change.error} />}
        <Group>
          <Button type="submit" loading={change.isPending}>
            Change password
          </Button>
          <Saved text={change.isSuccess && current === "" ? "Changed. Your other logins have ended." : ""} />
        </Group>
      </Stack>
    </form>
  );
}
