/** In the status bar: what listens in the machine, to be opened or given to others. */
import { Button, Popover, Text } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { api, take } from "../api/client";
import { sentenceOf } from "../api/errors";
import { copy } from "../components/copy";
import { useIde } from "../ide/context";
import { useStore } from "../ide/useStore";
import type { Port } from "../wire/generated";
import { openAddress } from "./ports";
import classes from "./PortsStatus.module.css";

export function PortsStatus() {
  const { session, workspace, notify } = useIde();
  const ports = useStore(session.ports);
  const [opened, setOpened] = useState(false);
  const notices = useRef(new Map<number, () => void>());
  useEffect(
    () =>
      session.ports.onNew(({ port, process }) =>
        notices.current.set(
          port,
          notify({
            kind: "info",
            sentence: `${process ? `“${process}” listens` : "A program listens"} on port ${port}.`,
            action: { label: "Open", run: () => openPort(workspace, port) },
          }),
        ),
      ),
    [session, workspace, notify],
  );
  useEffect(() => {
    // Nobody is offered what has ended, nor what the list, which a notice would cover, shows anyway.
    for (const [port, takeBack] of notices.current) {
      if (!opened && ports.some((one) => one.port === port)) continue;
      takeBack();
      notices.current.delete(port);
    }
  }, [ports, opened]);
  if (!ports.length) return null;
  const words = ports.length === 1 ? `Port ${ports[0]?.port}` : `${ports.length} ports`;
  return (
    <Popover opened={opened} onChange={setOpened} position="top-end" width={340} trapFocus>
      <Popover.Target>
        <button type="button" className={classes.button} aria-expanded={opened} onClick={() => setOpened(!opened)}>
          {words}
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Ports of this workspace">
        <ul className={classes.list}>
          {ports.map((port) => (
            <PortRow key={port.port} port={port} workspace={workspace} />
          ))}
        </ul>
        <Text size="xs" c="dimmed" mt="xs">
          Whoever may type in this workspace's terminals may open its ports. Give them the address.
        </Text>
      </Popover.Dropdown>
    </Popover>
  );
}

function PortRow({ port, workspace }: { port: Port; workspace: string }) {
  const { notify } = useIde();
  const share = async () => {
    try {
      const { url } = await take(
        api.GET("/api/v1/workspaces/{id}/ports/{port}", { params: { path: { id: workspace, port: port.port } } }),
      );
      if (await copy(url)) notify({ kind: "good", sentence: "The address is copied. It opens for everyone who may open this workspace's ports." });
      else notify({ kind: "info", sentence: `The address is ${url}` });
    } catch (error) {
      notify({ kind: "problem", sentence: sentenceOf(error) });
    }
  };
  return (
    <li className={classes.row}>
      <span className={classes.number}>{port.port}</span>
      <span className={classes.process} title={port.process}>
        {port.process}
      </span>
      <Button size="compact-xs" component="a" aria-label={`Open port ${port.port}`} href={openAddress(workspace, port.port)} target="_blank" rel="noopener noreferrer">
        Open
      </Button>
      <Button size="compact-xs" variant="default" aria-label={`Share port ${port.port}`} onClick={() => void share()}>
        Share
      </Button>
    </li>
  );
}

function openPort(workspace: string, port: number): void {
  window.open(openAddress(workspace, port), "_blank", "noopener,noreferrer");
}
