/** Uploads on their way and what became of them. */
import { ActionIcon, Progress } from "@mantine/core";
import IconRefresh from "@tabler/icons-react/dist/esm/icons/IconRefresh.mjs";
import IconX from "@tabler/icons-react/dist/esm/icons/IconX.mjs";
import { useEffect } from "react";
import { baseName } from "../ide/paths";
import { useStore } from "../ide/useStore";
import { sizeInWords, type Upload, type Uploads } from "./uploads";
import classes from "./UploadList.module.css";

const SHOWN = 5;
/** Milliseconds for which a list of good news stays. */
const STAYS = 8_000;

export function UploadList({ uploads }: { uploads: Uploads }) {
  const all = useStore(uploads);
  const finished = all.length > 0 && all.every((one) => one.state === "done" || one.state === "cancelled");
  useEffect(() => {
    if (!finished) return undefined;
    const timer = setTimeout(() => uploads.clear(), STAYS);
    return () => clearTimeout(timer);
  }, [finished, uploads]);
  if (all.length === 0) return null;
  const going = all.filter((one) => one.state === "waiting" || one.state === "sending");
  const failed = all.filter((one) => one.state === "failed");
  const total = all.reduce((sum, one) => sum + one.size, 0);
  const sent = all.reduce((sum, one) => sum + (one.state === "done" ? one.size : one.sent), 0);
  const shown = [...all.filter((one) => one.state === "sending"), ...failed].slice(0, SHOWN);
  return (
    <section className={classes.uploads} aria-label="Uploads">
      <div className={classes.head}>
        <span role="status">{summary(all, going.length, failed.length)}</span>
        {going.length > 0 ? (
          <button type="button" className={classes.link} onClick={() => uploads.cancelAll()}>
            Cancel
          </button>
        ) : (
          <ActionIcon variant="subtle" color="gray" size="xs" aria-label="Close the list of uploads" onClick={() => uploads.clear()}>
            <IconX size={14} aria-hidden />
          </ActionIcon>
        )}
      </div>
      {going.length > 0 && <Progress size="xs" value={total ? (100 * sent) / total : 0} aria-label="All uploads" />}
      <ul className={classes.list}>
        {shown.map((one) => (
          <Item key={one.id} upload={one} uploads={uploads} />
        ))}
      </ul>
    </section>
  );
}

function Item({ upload, uploads }: { upload: Upload; uploads: Uploads }) {
  const failed = upload.state === "failed";
  const name = baseName(upload.path);
  return (
    <li className={classes.item} data-failed={failed || undefined}>
      <span className={classes.name} title={upload.path}>
        {name}
      </span>
      <span className={classes.amount}>
        {failed ? upload.problem : `${sizeInWords(upload.sent)} of ${sizeInWords(upload.size)}`}
      </span>
      {failed ? (
        <ActionIcon variant="subtle" color="gray" size="xs" aria-label={`Upload ${name} again`} onClick={() => uploads.retry(upload.id)}>
          <IconRefresh size={13} aria-hidden />
        </ActionIcon>
      ) : (
        <ActionIcon variant="subtle" color="gray" size="xs" aria-label={`Cancel ${name}`} onClick={() => uploads.cancel(upload.id)}>
          <IconX size={13} aria-hidden />
        </ActionIcon>
      )}
    </li>
  );
}

function summary(all: readonly Upload[], going: number, failed: number): string {
  if (going) return `Uploading ${going === 1 ? "one file" : `${going} files`}…`;
  if (failed) return failed === 1 ? "One upload failed" : `${failed} uploads failed`;
  const done = all.filter((one) => one.state === "done").length;
  const cancelled = all.length - done;
  if (!done) return "Upload cancelled";
  return `${done === 1 ? "Uploaded one file" : `Uploaded ${done} files`}${cancelled ? `, ${cancelled} cancelled` : ""}`;
}
