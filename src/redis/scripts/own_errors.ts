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

/** Strings and comments of one line, whose content cannot name anything by itself. */
const STRINGS_AND_COMMENTS = /--(?!\[=*\[)[^\n]*|'(?:\\[^]|[^'\\\n])*'|"(?:\\[^]|[^"\\\n])*"/g;

/** Long strings and long comments, and quotes that do not pair. */
const NOT_UNDERSTOOD = /\[=*\[|['"]/;

/** Words that make fields, or functions, at run time; `err` is in `error_reply`, too. */
const MAKES_FIELDS =
  /err|load|cjson|cmsgpack|struct|setresp|map|rawset|metatable|fenv|_G|\bpairs\b|\bnext\b|debug/;

/** An index that is not one of the arrays of keys and arguments. */
const OTHER_INDEX = /(?<!\b(?:KEYS|ARGV)\s*)\[/;

/** `redis` other than for one of its functions by name. */
const REDIS_ITSELF = /\b(?:redis|server)\b(?!\s*\.\s*\w)/;

/** Behind an index: an assignment, alone or as one of several. */
const ASSIGNED = /^\s*(?:=(?!=)|,)/;

/** Characters of a body above which it is not looked at. */
const BODY_CHARACTERS_MAX = 64 * 1024;

/** See above. */
export function mayReplyOwnErrors(body: string): boolean {
  if (body.length > BODY_CHARACTERS_MAX) return true;
  const code = body.replace(STRINGS_AND_COMMENTS, " ");
  return NOT_UNDERSTOOD.test(code) || MAKES_FIELDS.test(code) || OTHER_INDEX.test(code) ||
    REDIS_ITSELF.test(code) || assignsByIndex(code);
}

/** Whether an index is assigned to; within brackets and braces a comma behind it only separates values. */
function assignsByIndex(code: string): boolean {
  let depth = 0;
  for (let position = 0; position < code.length; position++) {
    const character = code[position]!;
    if (character === "(" || character === "{") depth += 1;
    else if (character === ")" || character === "}") depth -= 1;
    else if (character === "]") {
      const behind = code.slice(position + 1, position + 1 + SPACES_MAX);
      if (behind.trim() === "" && behind.length === SPACES_MAX) return true;
      if (/^\s*=(?!=)/.test(behind) || (depth === 0 && ASSIGNED.test(behind))) return true;
    }
  }
  return false;
}

/** Spaces behind an index above which it is not looked any further. */
const SPACES_MAX = 64;
