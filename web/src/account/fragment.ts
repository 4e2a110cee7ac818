/** One-time tokens travel behind the `#`, which browsers never send to a server, and leave the address once read. */
import { useState } from "react";

/** The token in the address, which is then taken out of it; null when there is none. Read once in a page's life. */
export function useFragmentToken(): string | null {
  const [token] = useState(() => {
    const text = decodeURIComponent(window.location.hash.slice(1));
    if (text !== "") window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
    return text === "" ? null : text;
  });
  return token;
}
