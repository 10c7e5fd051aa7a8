/**
 * `deno task lengths`: the longest files and functions, to see where an idea may have become two. A report, not a
 * check: files are split where an idea ends, not where a number does.
 *
 * @module
 */
import { findFunctions } from "../tests/support/rules/function_lengths.ts";
import { readRepository } from "../tests/support/rules/repository.ts";

/** Files and functions above these numbers of lines are listed. */
const FILE_LINES_SHOWN = 400;
const FUNCTION_LINES_SHOWN = 70;

/** What is long, the longest first: one line each. */
export function longestLines(files: readonly { path: string; text: string }[]): string[] {
  const rows: { count: number; text: string }[] = [];
  for (const { path, text } of files) {
    const count = text.split("\n").length - 1;
    if (count > FILE_LINES_SHOWN) rows.push({ count, text: path });
    for (const { line, lineCount, header } of findFunctions(text)) {
      if (lineCount <= FUNCTION_LINES_SHOWN) continue;
      rows.push({ count: lineCount, text: `${path}:${line}: ${header}` });
    }
  }
  rows.sort((one, other) => other.count - one.count);
  return rows.map(({ count, text }) => `${String(count).padStart(6)}  ${text}`);
}

if (import.meta.main) {
  const code = readRepository().filter(({ path }) => path.endsWith(".ts"));
  const lines = longestLines(code);
  console.log([...lines, `${lines.length} files and functions are long`].join("\n"));
}
