/**
 * How long functions are, measured on the text: `deno fmt` gives the line that opens a function and the brace
 * that closes it the same indentation, so no parser is needed.
 *
 * @module
 */

/** A function found in a text. */
export interface FoundFunction {
  /** The line that opens it. */
  readonly header: string;
  /** Number of that line, from 1. */
  readonly line: number;
  /** Lines from the header to the closing brace, both included. */
  readonly lineCount: number;
}

const NOT_A_FUNCTION = /^(\} )?(if|else|for|while|switch|do|try|catch|finally|class|interface)\b/;
const OPENS_FUNCTION =
  /(^|\s|=|\()(async )?function\b|=> \{$|^((export|static|override|async|get|set) )*\*?[#\w$]+(<[^(]*>)?\(.*\)(: .*)? \{$/;

/** The functions, methods and arrow functions of a formatted file. */
export function findFunctions(text: string): FoundFunction[] {
  const lines = text.split("\n");
  const found: FoundFunction[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    if (!line.endsWith("{")) continue;
    const indentation = /^ */.exec(line)![0];
    const first = line.trim().startsWith(")") ? openingLine(lines, index, indentation) : index;
    const header = lines.slice(first, index + 1).map((part) => part.trim()).join("");
    if (NOT_A_FUNCTION.test(header) || !OPENS_FUNCTION.test(header)) continue;
    const last = closingLine(lines, index, indentation);
    found.push({ header, line: first + 1, lineCount: last - first + 1 });
  }
  return found;
}

/** The line above `index` with the same indentation that opened the parameters. */
function openingLine(lines: readonly string[], index: number, indentation: string): number {
  for (let line = index - 1; line >= 0; line--) {
    if (isAt(lines[line]!, indentation)) return line;
  }
  return index;
}

function closingLine(lines: readonly string[], index: number, indentation: string): number {
  for (let line = index + 1; line < lines.length; line++) {
    if (isAt(lines[line]!, indentation)) return line;
  }
  return lines.length - 1;
}

function isAt(line: string, indentation: string): boolean {
  return line.startsWith(indentation) && line.length > indentation.length &&
    line[indentation.length] !== " ";
}
