/** What two copies compare to know that they have the same text: bytes of UTF-8 and their CRC-32 (as zlib counts it). */

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

const encoder = new TextEncoder();

export interface Proof {
  size: number;
  checksum: number;
}

export function proof(text: string): Proof {
  const bytes = encoder.encode(text);
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return { size: bytes.length, checksum: (crc ^ 0xffffffff) >>> 0 };
}
