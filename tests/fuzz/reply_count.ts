/**
 * Counts the replies in a client's stream, whatever they say; independent of the proxy's own
 * parsers.
 *
 * @module
 */

const decoder = new TextDecoder("latin1");

/**
 * The number of whole replies.
 *
 * @throws {Error} If something in between is none.
 */
export function countReplies(received: Uint8Array, isMemcache: boolean): number {
  const text = decoder.decode(received);
  let count = 0;
  for (let position = 0; position < text.length; count++) {
    const end = isMemcache ? memcacheEnd(text, position) : respEnd(text, position);
    if (end < 0) break;
    position = end;
  }
  return count;
}

/** One past the RESP value at `start`, or -1 if it is not whole. */
function respEnd(text: string, start: number): number {
  const lineEnd = text.indexOf("\r\n", start);
  if (lineEnd < 0) return -1;
  const type = text[start]!;
  const line = text.slice(start + 1, lineEnd);
  let position = lineEnd + 2;
  if ("+-:_#,(".includes(type)) return position;
  const length = Number(line);
  if (!/^-?\d+$/.test(line) || length < -1) throw new Error(`Not a length: ${type}${line}`);
  if ("$=!".includes(type)) {
    if (length < 0) return position;
    const end = position + length + 2;
    return end <= text.length ? end : -1;
  }
  if (!"*~>%|".includes(type)) throw new Error(`Not RESP: ${text.slice(start, start + 40)}`);
  const elements = "%|".includes(type) ? 2 * length : length;
  for (let index = 0; index < elements && position >= 0; index++) {
    position = position < text.length ? respEnd(text, position) : -1;
  }
  return position;
}

/** One past the memcache reply at `start`, or -1 if it is not whole. */
function memcacheEnd(text: string, start: number): number {
  for (let position = start;;) {
    const lineEnd = text.indexOf("\r\n", position);
    if (lineEnd < 0) return -1;
    const line = text.slice(position, lineEnd);
    if (line.startsWith("VALUE ")) {
      position = lineEnd + 2 + Number(line.split(" ")[3]) + 2;
      if (!(position > lineEnd)) throw new Error(`Not a value line: ${line}`);
      if (position > text.length) return -1;
    } else if (line.startsWith("STAT ")) position = lineEnd + 2;
    else return lineEnd + 2;
  }
}
