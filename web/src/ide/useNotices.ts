/** What the workspace tells everyone, shown as notices. */
import { useEffect } from "react";
import { useIde } from "./context";

export function useNotices(): void {
  const { channel, notify, session } = useIde();
  useEffect(() => {
    const stops = [
      channel.on("Notice", ({ sentence, paths }) => notify({ kind: "info", sentence, details: paths })),
      // Failures of requests are told by whoever asked.
      channel.on("Failed", ({ request, sentence }) => request === 0 && notify({ kind: "problem", sentence })),
    ];
    return () => stops.forEach((stop) => stop());
  }, [channel, notify, session]);
}
