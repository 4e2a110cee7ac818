/** Whether the window is as narrow as a phone: then the files are a drawer and there is one pane. */
import { useEffect, useState } from "react";

const NARROW = "(max-width: 700px)";

export function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const query = matchMedia(NARROW);
    const listen = () => setNarrow(query.matches);
    query.addEventListener("change", listen);
    return () => query.removeEventListener("change", listen);
  }, []);
  return narrow;
}
