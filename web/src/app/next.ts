/** Where somebody wanted to go before they had to sign in, carried in the address of the sign-in page. */

/** The sign-in page's address, which afterwards leads to `wanted`. */
export function signInAddress(wanted: string): string {
  return wanted === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(wanted)}`;
}

/** The place to go to after signing in. Only a path of this site: `//elsewhere` and full addresses would lead away from it. */
export function nextAfter(search: string): string {
  const next = new URLSearchParams(search).get("next") ?? "/";
  if (!next.startsWith("/")) return "/";
  const target = new URL(next, "http://here.invalid");
  return target.origin === "http://here.invalid" ? target.pathname + target.search + target.hash : "/";
}
