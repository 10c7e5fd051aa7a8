/**
 * The form of predixy's files: a setting a line, `Key Value`; a scope is `Key [Value] {` to `}`; a list is lines
 * `+ Value`, which may have a scope of their own.
 *
 * @module
 */

/** A line, with what stands in its braces. */
export interface PredixyEntry {
  /** `+` for an element of a list. */
  readonly key: string;
  /** Without the quotes around it; "" if there is none. */
  readonly value: string;
  readonly entries: readonly PredixyEntry[];
  /** Counted from 1. */
  readonly line: number;
}

/** Deepest nesting of scopes; predixy's own files have three. */
const DEPTH_MAX = 8;

interface OpenEntry extends PredixyEntry {
  readonly entries: PredixyEntry[];
}

/**
 * Reads the text of such a file.
 *
 * @throws {TypeError} That says which line is wrong.
 */
export function parsePredixyFile(text: string): readonly PredixyEntry[] {
  const root: OpenEntry = { key: "", value: "", entries: [], line: 0 };
  const open = [root];
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    const content = withoutComment(written).trim();
    if (content === "") continue;
    if (content === "}") {
      if (open.length === 1) throw new TypeError(`line ${line}: there is no scope to close`);
      open.pop();
      continue;
    }
    const opens = content.endsWith("{");
    const [, key, rest] = /^(\S+)\s*(.*)$/.exec(opens ? content.slice(0, -1).trim() : content)!;
    const entry: OpenEntry = { key: key!, value: unquoted(rest!), entries: [], line };
    open.at(-1)!.entries.push(entry);
    if (!opens) continue;
    open.push(entry);
    if (open.length > DEPTH_MAX) throw new TypeError(`line ${line}: too many scopes within scopes`);
  }
  if (open.length > 1) throw new TypeError(`line ${open.at(-1)!.line}: this scope is not closed`);
  return root.entries;
}

/** A `#` within quotes is no comment. */
function withoutComment(line: string): string {
  const found = /^((?:[^"#]|"(?:[^"\\]|\\.)*")*)#/.exec(line);
  return found === null ? line : found[1]!;
}

function unquoted(value: string): string {
  const found = /^"((?:[^"\\]|\\.)*)"$/.exec(value.trim());
  return found === null ? value.trim() : found[1]!.replace(/\\(.)/g, "$1");
}
