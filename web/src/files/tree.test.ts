import { describe, expect, it, vi } from "vitest";
import { RequestError, type Channel } from "../wire/channel";
import type { FileEntry, ServerMessage, Welcome } from "../wire/generated";
import { FileTree, moveTarget, nameProblem } from "./tree";

const folder = (name: string): FileEntry => ({ name, kind: "folder", size: 0, modified: 0, ignored: false });
const file = (name: string): FileEntry => ({ name, kind: "file", size: 1, modified: 0, ignored: false });

/** A workspace's folders, answering as its server does. */
class Server {
  folders: Record<string, FileEntry[]> = { "": [folder("src"), file("a.txt")], src: [folder("inner"), file("main.py")], "src/inner": [file("deep.py")] };
  watched: string[] = [];
  broken: RequestError | null = null;
  private handlers: Record<string, (message: never) => void> = {};
  private open: ((welcome: Welcome) => void) | undefined;

  channel = {
    request: async ({ path }: { path: string }) => {
      if (this.broken) throw this.broken;
      const entries = this.folders[path];
      if (!entries) throw new RequestError("not-found", "No such folder.");
      return { type: "FileListing", request: 1, path, entries };
    },
    send: ({ folders }: { folders: string[] }) => {
      this.watched = folders;
      return true;
    },
    on: (type: string, handler: (message: never) => void) => {
      this.handlers[type] = handler;
      return () => undefined;
    },
    onOpen: (handler: (welcome: Welcome) => void) => {
      this.open = handler;
      return () => undefined;
    },
  } as unknown as Channel;

  connect(): void {
    this.open?.({} as Welcome);
  }

  say(message: ServerMessage): void {
    this.handlers[message.type]?.(message as never);
  }
}

async function grown(expanded: string[] = []) {
  const server = new Server();
  const told = vi.fn<(paths: string[]) => void>();
  const tree = new FileTree(server.channel, expanded, told);
  server.connect();
  await vi.waitFor(() => expect(tree.ready).toBe(true));
  return { server, tree, told };
}

const paths = (tree: FileTree) => tree.rows().map((row) => row.path);

describe("the file tree", () => {
  it("lists folders when they are expanded, and watches what it shows", async () => {
    const { server, tree, told } = await grown();
    expect(paths(tree)).toEqual(["src", "a.txt"]);
    tree.toggle("src");
    await vi.waitFor(() => expect(paths(tree)).toEqual(["src", "src/inner", "src/main.py", "a.txt"]));
    expect(server.watched).toEqual(["", "src"]);
    expect(told).toHaveBeenLastCalledWith(["src"]);
    tree.toggle("src");
    expect(paths(tree)).toEqual(["src", "a.txt"]);
  });

  it("says level and place of each row", async () => {
    const { tree } = await grown(["src"]);
    await vi.waitFor(() => expect(tree.rows()).toHaveLength(4));
    expect(tree.rows()[2]).toMatchObject({ path: "src/main.py", level: 2, place: 2, siblings: 2 });
  });

  it("opens as it was left", async () => {
    const { tree } = await grown(["src", "src/inner"]);
    await vi.waitFor(() => expect(paths(tree)).toContain("src/inner/deep.py"));
  });

  it("follows what the workspace says has changed", async () => {
    const { server, tree } = await grown();
    server.folders[""] = [file("b.txt")];
    server.say({ type: "FilesChanged", folders: [""] });
    await vi.waitFor(() => expect(paths(tree)).toEqual(["b.txt"]));
  });

  it("keeps what it knows while the connection is gone", async () => {
    const { server, tree } = await grown();
    server.broken = new RequestError("unavailable", "Gone.");
    await tree.list("");
    expect(paths(tree)).toEqual(["src", "a.txt"]);
  });

  it("forgets a folder that is gone", async () => {
    const { server, tree, told } = await grown(["src", "src/inner"]);
    delete server.folders["src"];
    await tree.list("src");
    expect(told).toHaveBeenLastCalledWith([]);
  });

  it("says why a folder cannot be read", async () => {
    const { server, tree } = await grown(["src"]);
    await vi.waitFor(() => expect(tree.rows()).toHaveLength(4));
    server.broken = new RequestError("forbidden", "This folder may not be read.");
    await tree.list("src");
    expect(tree.rows()[0]).toMatchObject({ path: "src", problem: "This folder may not be read." });
  });

  it("shows a path inside closed folders", async () => {
    const { tree } = await grown();
    await tree.reveal("src/inner/deep.py");
    expect(tree.focused).toBe("src/inner/deep.py");
    await vi.waitFor(() => expect(paths(tree)).toContain("src/inner/deep.py"));
  });

  it("keeps folders expanded that were renamed", async () => {
    const { server, tree, told } = await grown(["src", "src/inner"]);
    tree.focus("src/inner");
    server.folders = { "": [folder("lib")], lib: [folder("inner")], "lib/inner": [] };
    tree.moved("src", "lib");
    expect(told).toHaveBeenLastCalledWith(["lib", "lib/inner"]);
    expect(tree.focused).toBe("lib/inner");
  });

  it("lets only the newest answer count", async () => {
    const { server, tree } = await grown();
    const slow = tree.list("");
    server.folders[""] = [file("new.txt")];
    await Promise.all([slow, tree.list("")]);
    expect(paths(tree)).toEqual(["new.txt"]);
  });
});

describe("names", () => {
  it.each(["", " ", ".", "..", "a/", "a//b", "a/../b", "x".repeat(256), "taken"])("that cannot be given: %j", (name) => {
    expect(nameProblem(name, ["taken"])).not.toBe("");
  });

  it.each(["a", ".env", "a b", "né.txt", "sub/folder/a.py"])("that can: %s", (name) => {
    expect(nameProblem(name, ["taken"])).toBe("");
  });
});

describe("dropping on a folder", () => {
  it("moves what is elsewhere, and nothing into itself", () => {
    expect(moveTarget("a.txt", "src")).toBe("src/a.txt");
    expect(moveTarget("src/a.txt", "")).toBe("a.txt");
    expect(moveTarget("src/a.txt", "src")).toBeNull();
    expect(moveTarget("src", "src/inner")).toBeNull();
    expect(moveTarget("src", "src")).toBeNull();
  });
});
