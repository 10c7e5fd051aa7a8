/**
 * What a real redis-server answers to bytes.
 *
 * @module
 */

/** The reply to bytes sent on a connection of their own; each character of `bytes` is one. */
export async function replyLine(port: number, bytes: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const data = Uint8Array.from(bytes, (character) => character.charCodeAt(0));
  for (let sent = 0; sent < data.length;) sent += await connection.write(data.subarray(sent));
  // A server that waits for more closes now, so that a missing reply is seen as such.
  await connection.closeWrite();
  const room = new Uint8Array(4096);
  const length = await connection.read(room) ?? 0;
  return new TextDecoder().decode(room.subarray(0, length));
}

/** Bytes of a text, one a character. */
export function asBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
