// Hocuspocus as its documentation begins: no extensions, nothing stored.
import { Server } from "@hocuspocus/server";

new Server({ address: "127.0.0.1", port: Number(process.argv[2]), quiet: true }).listen();
