/**
 * Whether a script could reply with an error in words of its choice. Where it certainly cannot, what a server says of a
 * script that it does not know is the server's own word, and nothing has run.
 *
 * A Lua script replies with such an error only by a table with a field `err`: made by `redis.error_reply`, written out,
 * or filled under names that come from elsewhere. Runtime errors, and those of commands, have other words. So a script is
 * let pass if its code has nothing that can name a field at run time or reach a function by another name. Whatever is
 * not understood here counts as one that could.
 *
 * @module
 */

/** Words that make fields, or functions, at run time; `err` is in `error_reply`, too. */
const MAKES_FIELDS =
  /err|load|cjson|cmsgpack|struct|setresp|map|rawset|metatable|fenv|_G|\b(?:pairs|next|function)\b|debug/;

/** An index that is not one of the arrays of keys and arguments. */
const OTHER_INDEX = /(?<!\b(?:KEYS|ARGV)[ \t]?)\[/;

/** `redis` other than for one of its functions by name. */
const REDIS_ITSELF = /\b(?:redis|server)\b(?!\.\w)/;

/** Says which engine runs the script; what others than Lua can say is not known. */
const OTHER_ENGINE = /^#!(?!lua(?:\s|$))/;

/** What makes a comment go on over lines, at the place that is looked at. */
const LONG_BRACKET = /\[=*\[/y;

/** Behind an index: an assignment, alone or as one of several. */
const ASSIGNED = /^\s*(?:=(?!=)|,)/;

/** Characters of a body above which it is not looked at. */
const BODY_CHARACTERS_MAX = 16 * 1024;
/** Spaces behind an index above which it is not looked any further. */
const SPACES_MAX = 64;

/** Whether the script could reply with an error in words of its choice; true wherever that is not certain. */
export function mayReplyOwnErrors(body: string): boolean {
  if (body.length > BODY_CHARACTERS_MAX || body.includes("\0")) return true;
  if (OTHER_ENGINE.test(body)) return true;
  const code = codeOf(body);
  return code === null || MAKES_FIELDS.test(code) || OTHER_INDEX.test(code) ||
    REDIS_ITSELF.test(code) || assignsByIndex(code);
}

/**
 * The body with a space for each string and comment, whose content cannot name anything by itself; null where it has
 * long comments, quotes that do not pair within a line, or characters that code does not need. What begins a long string
 * is an index of nothing, and not let pass as such.
 */
function codeOf(body: string): string | null {
  let code = "";
  let position = 0;
  while (position < body.length) {
    const character = body[position]!;
    if (character === "'" || character === '"') {
      position = stringEnd(body, position);
      if (position < 0) return null;
      code += " ";
    } else if (character === "-" && body[position + 1] === "-") {
      LONG_BRACKET.lastIndex = position + 2;
      if (LONG_BRACKET.test(body)) return null;
      position = lineEnd(body, position);
      code += " ";
    } else {
      if (!/[\t\n\r -~]/.test(character)) return null;
      code += character;
      position += 1;
    }
  }
  return code;
}

/** One past the quote that ends the string which begins at `start`; -1 where its line ends first. */
function stringEnd(body: string, start: number): number {
  let position = start + 1;
  while (position < body.length) {
    const character = body[position]!;
    if (character === body[start]) return position + 1;
    if (character === "\n" || character === "\r") return -1;
    position += character === "\\" ? 2 : 1;
  }
  return -1;
}

/** Where the line ends: Lua takes either character for it. */
function lineEnd(body: string, start: number): number {
  let position = start;
  while (position < body.length && body[position] !== "\n" && body[position] !== "\r") {
    position += 1;
  }
  return position;
}

/**
 * Whether an index is assigned to. Within brackets and braces a comma behind it only separates values: functions, whose
 * statements could stand there, are not let pass.
 */
function assignsByIndex(code: string): boolean {
  let depth = 0;
  for (let position = 0; position < code.length; position++) {
    const character = code[position]!;
    if (character === "(" || character === "{") depth += 1;
    else if (character === ")" || character === "}") depth -= 1;
    else if (character === "]") {
      const behind = code.slice(position + 1, position + 1 + SPACES_MAX);
      if (behind.length === SPACES_MAX && behind.trim() === "") return true;
      if (/^\s*=(?!=)/.test(behind) || (depth === 0 && ASSIGNED.test(behind))) return true;
    }
  }
  return false;
}
