// A document of 260,000 edits with the numbers of the automerge-perf trace ("B4"): typing in runs around a cursor that moves.
import fs from "node:fs";
import * as Y from "yjs";

let seed = 12345;
const random = () => {
  seed = (seed * 1103515245 + 12345) & 0x7fffffff;
  return seed / 0x7fffffff;
};
const doc = new Y.Doc();
doc.clientID = 77;
const text = doc.getText("text");
let inserts = 182_315;
let deletes = 77_463;
let place = 0;
while (inserts > 0 || deletes > 0) {
  const run = 1 + Math.floor(random() * 30);
  if (deletes > 0 && place > 20 && (inserts === 0 || random() < 0.4)) {
    for (let step = 0; step < run && deletes > 0 && place > 0; step++, deletes--) text.delete(--place, 1);
  } else {
    for (let step = 0; step < run && inserts > 0; step++, inserts--) text.insert(place++, String.fromCharCode(97 + Math.floor(random() * 26)));
  }
  if (random() < 0.25) place = Math.max(0, Math.min(text.length, Math.floor(place + (random() - 0.5) * 400)));
  if (inserts === 0) place = text.length;
}
fs.writeFileSync(process.argv[2], Y.encodeStateAsUpdate(doc));
