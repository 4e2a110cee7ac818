/** The browser tab's title, which a screen reader also says when the page changes. */
import { useEffect } from "react";

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === "" ? "Coterie" : `${title} · Coterie`;
  }, [title]);
}
