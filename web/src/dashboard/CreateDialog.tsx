/** Making a workspace: blank, from a git address, or from an archive that is uploaded. */
import { Button, Group, Modal, Progress, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { useEffect, useRef, useState, type FormEvent } from "react";
import type { ApiError } from "../api/errors";
import { uploadArchive, type Upload } from "../api/upload";
import { useCreateWorkspace } from "../api/workspaces";
import { Failure } from "../components/Failure";
import { fieldsOf, focusFirstWrong, type Sentences } from "../components/fields";
import { ArchiveField } from "./ArchiveField";
import { nameFrom } from "./states";

export type Kind = "blank" | "git" | "archive";

interface Props {
  /** Null: the dialog is closed. */
  kind: Kind | null;
  onClose: () => void;
}

const TITLE = "New workspace";

export function CreateDialog({ kind, onClose }: Props) {
  const [sending, setSending] = useState(false);
  return (
    <Modal
      opened={kind !== null}
      onClose={onClose}
      title={TITLE}
      size="lg"
      closeOnClickOutside={!sending}
      closeOnEscape={!sending}
      withCloseButton={!sending}
    >
      <CreateForm first={kind ?? "blank"} onSending={setSending} onDone={onClose} />
    </Modal>
  );
}

interface FormProps {
  first: Kind;
  onSending: (sending: boolean) => void;
  onDone: () => void;
}

function CreateForm({ first, onSending, onDone }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [kind, setKind] = useState<Kind>(first);
  const [typed, setTyped] = useState<string | null>(null);
  const [url, setUrl] = useState("");
  const [branch, setBranch] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const [own, setOwn] = useState<Sentences>({});
  const create = useCreateWorkspace();
  const archive = useArchiveUpload(onSending, onDone);
  const error = kind === "archive" ? archive.error : create.error;
  const wrong: Sentences = { ...fieldsOf(error), ...own };
  // Until a name is typed it follows from the source, which is what most people would type.
  const suggested = kind === "git" ? nameFrom(url) : kind === "archive" && file ? nameFrom(file.name) : "";
  const name = typed ?? suggested;

  useEffect(() => {
    if (form.current) focusFirstWrong(form.current);
  }, [own, error]);

  function submit(event: FormEvent): void {
    event.preventDefault();
    const problems: Sentences = {
      name: name.trim() === "" ? "Give the workspace a name." : undefined,
      url: kind === "git" && url.trim() === "" ? "Enter the repository’s address." : undefined,
      file: kind === "archive" && !file ? "Choose an archive." : undefined,
    };
    const found = Object.values(problems).some(Boolean);
    setOwn(found ? problems : {});
    if (found) return;
    if (kind === "archive") {
      if (file) archive.send(name.trim(), file);
      return;
    }
    const source = kind === "git" ? { kind, url: url.trim(), branch: branch.trim() } : { kind };
    create.mutate({ name: name.trim(), source }, { onSuccess: onDone });
  }

  const sending = archive.fraction !== null;
  const shownElsewhere = Object.keys(fieldsOf(error)).some((field) => field === "name" || field.endsWith("url"));
  return (
    <form ref={form} onSubmit={submit} noValidate aria-label={TITLE}>
      <Stack gap="md">
        <SegmentedControl
          aria-label="Start from"
          value={kind}
          onChange={(value) => {
            setKind(value as Kind);
            setOwn({});
          }}
          disabled={sending || create.isPending}
          data={[
            { value: "blank", label: "Blank" },
            { value: "git", label: "Git repository" },
            { value: "archive", label: "Archive" },
          ]}
          fullWidth
        />
        {kind === "git" ? (
          <>
            <TextInput
              label="Repository address"
              placeholder="https://example.org/team/project.git"
              description="A public https or http address; a private one needs its access token in it, which is not kept."
              value={url}
              onChange={(event) => setUrl(event.currentTarget.value)}
              error={wrong.url ?? wrong["source.url"] ?? wrong["source.git.url"]}
              type="url"
              spellCheck={false}
              data-autofocus
            />
            <TextInput
              label="Branch"
              placeholder="The repository’s default"
              value={branch}
              onChange={(event) => setBranch(event.currentTarget.value)}
              spellCheck={false}
            />
          </>
        ) : null}
        {kind === "archive" ? (
          <ArchiveField file={file} onChange={setFile} error={wrong.file} disabled={sending} />
        ) : null}
        <TextInput
          label="Name"
          description={kind === "blank" ? "An empty folder, with git and Python ready." : undefined}
          value={name}
          onChange={(event) => setTyped(event.currentTarget.value)}
          error={wrong.name}
          disabled={sending}
          data-autofocus={kind === "git" ? undefined : true}
        />
        {shownElsewhere ? null : <Failure error={error} />}
        {sending ? <Sending fraction={archive.fraction ?? 0} /> : null}
        <Group justify="flex-end">
          {sending ? (
            <Button variant="default" onClick={archive.cancel}>
              Cancel the upload
            </Button>
          ) : (
            <Button variant="default" onClick={onDone}>
              Cancel
            </Button>
          )}
          <Button type="submit" loading={create.isPending || sending}>
            Create workspace
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Sending({ fraction }: { fraction: number }) {
  const percent = Math.round(fraction * 100);
  return (
    <div>
      <Progress value={percent} aria-label="Upload" animated={percent === 100} />
      <Text size="sm" c="dimmed" mt={6}>
        {percent < 100 ? `${percent} % sent` : "Sent. Unpacking…"}
      </Text>
    </div>
  );
}

interface Archive {
  /** Sent part, 0 to 1; null when nothing is on its way. */
  fraction: number | null;
  error: ApiError | null;
  send: (name: string, file: File) => void;
  cancel: () => void;
}

function useArchiveUpload(onSending: (sending: boolean) => void, onDone: () => void): Archive {
  const [fraction, setFraction] = useState<number | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const upload = useRef<Upload | null>(null);

  function send(name: string, file: File): void {
    setError(null);
    setFraction(0);
    onSending(true);
    upload.current = uploadArchive(name, file, setFraction);
    upload.current.done
      .then(onDone, setError)
      .finally(() => {
        setFraction(null);
        onSending(false);
      });
  }

  return { fraction, error, send, cancel: () => upload.current?.cancel() };
}
