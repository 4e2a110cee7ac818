// The peer node-pty with ws, as their documentation shows it, with the PTY paused while a viewer takes in less than is sent:
// `node node_server.cjs PORT FOLDER`, terminals named by the path.
const { spawn } = require("node-pty");
const { WebSocketServer } = require("ws");

const HIGH = 1 << 20;
const terminals = new Map();

function find(name) {
  let terminal = terminals.get(name);
  if (!terminal) {
    const pty = spawn("/bin/sh", [], { cols: 80, rows: 24, cwd: process.argv[3], encoding: null });
    terminal = { pty, viewers: new Set() };
    terminals.set(name, terminal);
    let waiting = false;
    const resume = () => {
      if (waiting && [...terminal.viewers].every((viewer) => viewer.bufferedAmount < HIGH / 4)) {
        waiting = false;
        pty.resume();
      }
    };
    pty.onData((data) => {
      for (const viewer of terminal.viewers) {
        viewer.send(data, { binary: true }, resume);
        if (viewer.bufferedAmount > HIGH && !waiting) {
          waiting = true;
          pty.pause();
        }
      }
    });
  }
  return terminal;
}

new WebSocketServer({ port: Number(process.argv[2]), host: "127.0.0.1", perMessageDeflate: false }).on("connection", (socket, request) => {
  const terminal = find(request.url.slice(1));
  terminal.viewers.add(socket);
  socket.on("message", (data) => terminal.pty.write(data));
  socket.on("close", () => terminal.viewers.delete(socket));
});
