/** Messages to and from MessagePack arrays: the type's name, then its fields in order (see generated.ts). */
import { Decoder, Encoder } from "@msgpack/msgpack";
import { FIELDS, type ClientMessage, type ServerMessage } from "./generated";

const encoder = new Encoder();
const decoder = new Decoder();

type Plain = Record<string, unknown>;

function pack(type: string, value: Plain): unknown[] {
  return (FIELDS[type] ?? []).map(([name, record]) => {
    const field = value[name];
    if (!record) return field;
    return Array.isArray(field) ? field.map((item) => pack(record, item as Plain)) : pack(record, field as Plain);
  });
}

function unpack(type: string, values: readonly unknown[], into: Plain): Plain {
  const fields = FIELDS[type] ?? [];
  fields.forEach(([name, record], index) => {
    const value = values[index];
    if (!record || value === null || value === undefined) into[name] = value;
    else if (Array.isArray(value) && Array.isArray(value[0])) into[name] = value.map((item) => unpack(record, item as unknown[], {}));
    else if (Array.isArray(value) && value.length === 0) into[name] = [];
    else into[name] = unpack(record, value as unknown[], {});
  });
  return into;
}

/** The bytes of one WebSocket message. */
export function encode(message: ClientMessage): Uint8Array<ArrayBuffer> {
  return encoder.encode([message.type, ...pack(message.type, message as unknown as Plain)]) as Uint8Array<ArrayBuffer>;
}

/** The message in one WebSocket message; null for a type this page does not know (an older page, a newer server). */
export function decode(data: ArrayBuffer): ServerMessage | null {
  const [type, ...values] = decoder.decode(data) as [string, ...unknown[]];
  if (!(type in FIELDS)) return null;
  return unpack(type, values, { type }) as unknown as ServerMessage;
}
