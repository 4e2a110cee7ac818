/** Text as deflated UTF-8 (zlib), for the rare messages that carry a whole one. */

export async function deflate(text: string): Promise<Uint8Array> {
  const stream = new CompressionStream("deflate");
  const writer = stream.writable.getWriter();
  // Both are over when all of it was read: waiting for them before that would wait for ever.
  const written = Promise.all([writer.write(new TextEncoder().encode(text)), writer.close()]);
  const parts: Uint8Array[] = [];
  const reader = stream.readable.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) parts.push(read.value);
  await written;
  const packed = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    packed.set(part, at);
    at += part.length;
  }
  return packed;
}
