/** Says calmly above the panes when the workspace cannot be reached, why, and what to do; tabs and text stay as they are. */
import { Button, Loader } from "@mantine/core";
import { useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import { sentenceOf } from "../api/errors";
import type { Workspace } from "../api/types";
import { useStart } from "../api/workspaces";
import { signInAddress } from "../app/next";
import { useIde } from "../ide/context";
import { useFrame } from "../ide/frameContext";
import { useChannel } from "../ide/useStore";
import { bannerFor } from "./bannerWords";
import classes from "./Banner.module.css";

/** Milliseconds without a connection before it is worth a banner: most breaks are over sooner. */
const PATIENCE = 2_500;

export function Banner({ workspace }: { workspace: Workspace | null }) {
  const { channel, workspace: id } = useIde();
  const frame = useFrame();
  const facts = useChannel(channel);
  const start = useStart(id);
  const [location] = useLocation();
  const long = useLonger(facts.state !== "open", PATIENCE);
  const mayStart = workspace?.capabilities.includes("workspace.start") ?? false;
  const banner = bannerFor(facts, workspace, { long, mayStart });
  if (!banner) return null;
  return (
    <section className={classes.banner} data-tone={banner.tone} aria-label="State of the workspace">
      {banner.busy && <Loader size={16} color="currentColor" aria-hidden />}
      <div className={classes.text} role="status">
        <strong>{banner.title}</strong> <span>{banner.text}</span>
        {start.error && <span className={classes.failure}> {sentenceOf(start.error)}</span>}
      </div>
      <div className={classes.actions}>
        {banner.log && (
          <Button size="compact-sm" variant="default" onClick={frame.log}>
            Show the log
          </Button>
        )}
        {banner.remedy === "start" && (
          <Button size="compact-sm" loading={start.isPending} onClick={() => start.mutate()}>
            Start
          </Button>
        )}
        {banner.remedy === "try-again" && (
          <Button size="compact-sm" variant="default" onClick={channel.now}>
            Try again
          </Button>
        )}
        {banner.remedy === "reload" && (
          <Button size="compact-sm" onClick={() => window.location.reload()}>
            Reload the page
          </Button>
        )}
        {banner.remedy === "sign-in" && (
          <Button size="compact-sm" component={Link} href={signInAddress(location)}>
            Sign in
          </Button>
        )}
      </div>
    </section>
  );
}

/** Whether `condition` has held for `delay` milliseconds. */
function useLonger(condition: boolean, delay: number): boolean {
  const [long, setLong] = useState(false);
  useEffect(() => {
    if (!condition) {
      setLong(false);
      return undefined;
    }
    const timer = setTimeout(() => setLong(true), delay);
    return () => clearTimeout(timer);
  }, [condition, delay]);
  return long;
}
