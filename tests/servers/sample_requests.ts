/**
 * A request for each command of the catalogue, and for each subcommand, with chosen keys in the places of its keys.
 *
 * @module
 */
import { fitsArity } from "../../src/protocol/command_table.ts";
import type { CommandDescription } from "../../src/protocol/resp/commands/catalogue.ts";
import { respDescriptions } from "../../src/protocol/resp/commands/mod.ts";

/** Requests of commands whose keys stand behind a word, `KEY` in their places. */
const BEHIND_WORDS: Record<string, readonly string[]> = {
  georadius: ["georadius KEY 1 2 3 km", "georadius KEY 1 2 3 km STORE KEY"],
  georadiusbymember: ["georadiusbymember KEY m 3 km STORE KEY"],
  migrate: ["migrate 127.0.0.1 1 KEY 0 10", "migrate 127.0.0.1 1 EMPTY 0 10 KEYS KEY KEY"],
  sort: ["sort KEY", "sort KEY STORE KEY", "sort KEY BY nosort"],
  sort_ro: ["sort_ro KEY", "sort_ro KEY LIMIT 0 1"],
  xread: ["xread STREAMS KEY 0", "xread BLOCK 1 STREAMS KEY KEY 0 0"],
  xreadgroup: ["xreadgroup GROUP g c STREAMS KEY >"],
  set: ["set KEY v", "set KEY v GET"],
  bitfield: ["bitfield KEY GET u8 0", "bitfield KEY SET u8 0 1"],
};

/** One request, and what it is of. */
export interface SampleRequest {
  readonly command: CommandDescription;
  readonly words: readonly string[];
}

/** The samples of all commands with `key` in the places of keys; families of commands are there by their subcommands. */
export function sampleRequests(key: string): SampleRequest[] {
  const commands = [...respDescriptions.values()].filter(({ subcommands }) =>
    subcommands.length === 0
  );
  return commands.flatMap((command) =>
    linesOf(command).map((line) => ({
      command,
      words: line.split(" ").map((word) => word === "KEY" ? key : word === "EMPTY" ? "" : word),
    }))
  );
}

function linesOf(command: CommandDescription): readonly string[] {
  const known = BEHIND_WORDS[command.name];
  if (known !== undefined) return known;
  const words = command.name.split("|");
  const count = Math.max(wordCount(command), words.length);
  // Most numbers do for a number, a time, an index or a count of keys.
  while (words.length < count) words.push("1");
  for (const word of keyWords(command, count)) words[word] = "KEY";
  return [words.join(" ")];
}

/** Words that the command takes at least, and that its keys need. */
function wordCount(command: CommandDescription): number {
  let count = Math.abs(command.arity);
  for (const { start, range } of command.keys) {
    if (start === null || range === null || "keyword" in start) continue;
    const last = "countedStep" in range ? start.index + 1 : start.index + Math.max(0, range.last);
    count = Math.max(count, last + 1);
  }
  return fitsArity(count, command.arity) ? count : Math.abs(command.arity);
}

function keyWords(command: CommandDescription, count: number): number[] {
  return command.keys.flatMap(({ start, range }) => {
    if (start === null || range === null || "keyword" in start) return [];
    if ("countedStep" in range) return [start.index + 1];
    const last = range.last < 0 ? count + range.last : start.index + range.last;
    const found: number[] = [];
    for (let word = start.index; word <= last; word += range.step) found.push(word);
    return found;
  });
}
