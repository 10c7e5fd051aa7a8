/**
 * `deno task docs`: writes docs/commands.md from the command tables, so that what the page says of a
 * command is what the proxy does with it.
 *
 * @module
 */
import {
  Action,
  type CommandDefinition,
  CommandFlag,
  type CommandRow,
  Merge,
  type MergeCode,
} from "../src/protocol/command_table.ts";
import { alignColumns } from "./markdown_table.ts";
import {
  answerTextOf,
  binaryRows,
  loudOf,
  operationOf,
} from "../src/protocol/memcache/binary/commands.ts";
import { MemcacheCommands } from "../src/protocol/memcache/commands.ts";
import { respCommands, respDescriptions, respGroups } from "../src/protocol/resp/commands/mod.ts";

/** The page, from the repository's root. */
export const COMMANDS_DOCUMENT = "docs/commands.md";

const HEAD = `# Commands

<!-- Made by \`deno task docs\` from the command tables; a test compares the two. -->

What the proxy does with each command. _Words_ is how many words a request has, the command's name
included; \`3+\` is three or more. _Data_ says whether the command reads or may change data: with
\`read_from_slave\`, reads go to replicas. _What happens_ is one of these:

- **by key**: the request goes to the backend that has its key.
- **keys together**: the request goes to the backend that has all its keys. If they are on several
  backends (of a Redis Cluster: in several slots) it is an error, and nothing is sent; a common hash
  tag keeps keys together.
- **split**: each backend gets a request for its keys, in a Redis Cluster one for each slot, and the
  replies are merged. With one key, or with all keys together, the request goes out as it came.
- **every shard**: the request goes to each server that holds keys, and the replies are merged; what
  writes goes to servers that are ejected, too.
- **over a connection of its own**: once all earlier requests of the client are answered; later ones
  wait for it.
- **proxy**: the proxy answers it.
- **refused**: the proxy answers with an error that says why. The connection lives on.

A command that is not on this page is learned from the servers if they have it
([how](configuration.md#commands-that-servers-have)), or answered as a server answers an unknown
one.
`;

const REDIS_HEAD = `## Redis and Redis Cluster

The commands are those of Redis 7.0 to 8.12 and of Valkey to 9.1. Where a later version than Redis
7.0 is named, the command came with it; where _untested_ stands, no server of the tests has it, and
what is said of it is from its documentation. A server that lacks a command says so itself; what the
proxy says in its place follows [the servers' version](decisions/0035-words-of-the-servers.md).
Requests are arrays of bulk strings or inline lines. A client that says \`HELLO 3\` gets RESP3
replies, over backend connections that speak RESP3 too: the backends have to be Redis 6 or later for
it.

\`SCAN\` goes through the servers one after the other. Its cursor is a server's cursor times 1,024
plus the server's number, which stays the same for the life of the proxy and in all of its workers,
until 1,023 others have come: then a newcomer gets the number of the one that is gone longest. The
next process numbers the servers of its file in their order. What is there from the start of a scan
to its end is returned at least once, as by a server; but for keys whose slot moves meanwhile.

Inside \`MULTI\` all requests go to the server of the transaction's first key, those without keys
included. Keys of other servers, and commands about the client's connection or about all servers,
are refused there, and \`EXEC\` aborts.

What a script publishes is published at the server where it runs. In a pool of several servers it
reaches only subscribers of channels on that server, and of patterns: a key with the channel's hash
tag brings the script there. In a Redis Cluster it reaches all subscribers.
`;

const MEMCACHE_HEAD = `## memcache

The three protocols as memcached 1.6 speaks them; a client's first byte says whether it speaks in
lines, with the classic and the meta commands, or in binary packets. Nothing is translated from one
to another: servers are asked as the client asks. Names of commands are lower case. What makes a
request quiet (\`noreply\`, the flag \`q\` of meta commands, the quiet forms of binary operations) is
taken out of what a backend gets, so that every request has a reply to wait for, and what that says
decides whether the client gets it ([why](decisions/0031-quiet-requests.md)). Key lists may have 8
MiB and 1,048,576 words; they are cut into lines that servers take. Times and flags are passed on as
they are.

What differs from memcached on purpose:

- The value behind a \`set\` line (or another storage line) that is refused is skipped, where its
  length is known. memcached runs it as requests.
- The length of a value is at most 2,147,483,645. memcached cuts larger ones to 32 bits.
- A line with a NUL byte is refused; memcached reads it up to there.
- A line that no list of keys makes long has at most 16 KiB, and 2,048 bytes without what spaces are
  too many.
- A \`noreply\` silences every reply to its line, that to a bad one included.
- A quiet \`ma\` that makes its item says nothing, as a quiet \`ma\` that finds it. memcached 1.6.18
  says \`HD\`.
- \`mg\` with the flag \`k\`, and \`me\`, are refused for a key in base64 that has a line feed in it.
  memcached may return the key as it is, and what stands behind the line feed would be taken for
  another reply.
- The extras and the key of a binary request with an unknown operation are skipped once; memcached
  skips as much again.
- A binary request whose body is longer than its operation has use for is answered by "Invalid
  arguments" and closed. memcached takes the rest for the next request at \`stat\`, \`touch\` and \`gat\`.
`;

const BINARY_HEAD = `### memcache, binary

The operations of the binary protocol. A failure of the proxy or of a server is answered by the
status 0x86, "temporary failure", and a text that says why. An operation that is not in this table
is answered as memcached answers an unknown one.
`;

/** How the replies to a split request become one. */
const mergeTexts: Record<MergeCode, string> = {
  [Merge.None]: "",
  [Merge.Sum]: "the sum, or the first error",
  [Merge.AllSucceeded]: "OK if all are, else the first error",
  [Merge.Elements]: "an array in the order of the keys; an error for each key without a reply",
  [Merge.Least]: "the least, or the first error",
  [Merge.Greatest]: "the greatest, or the first error",
  [Merge.All]: "1 if all say so, else 0, or the first error",
  [Merge.Any]: "1 if one says so, else 0, or the first error",
  [Merge.OneSucceeded]: "the first that is no error",
  [Merge.FirstReply]: "the first of them, or the first error",
  [Merge.Concatenated]: "one array with the elements of all, or the first error",
  [Merge.Values]: "the values in the order of the keys; an error if a backend has no reply",
};

/** One line of a table. */
interface Line {
  readonly row: CommandDefinition;
  readonly name: string;
  /** What is to be said of it besides what its columns say, or instead. */
  readonly text: string | null;
  readonly since: string | null;
  readonly isUntested: boolean;
}

/** Returns the page's text. */
export function renderCommandsDocument(): string {
  const memcache = new MemcacheCommands();
  const sections = [
    HEAD,
    REDIS_HEAD,
    ...respGroups.flatMap(({ title, records }) => [
      `### ${title}\n`,
      renderTable(records.filter(([name]) => !name.includes("|")).map(([name]) => redisLine(name))),
    ]),
    MEMCACHE_HEAD,
    renderTable(
      memcache.rows.map((row) => ({
        row,
        name: row.name,
        text: memcache.answerText(row),
        since: null,
        isUntested: false,
      })),
    ),
    BINARY_HEAD,
    renderBinaryTable(),
  ];
  return sections.join("\n");
}

function redisLine(name: string): Line {
  const row = respCommands.rows.find((one) => one.name === name)!;
  const { route, since, isUntested, subcommands } = respDescriptions.get(name)!;
  const served = subcommands.filter((member) => member.route.reason === null);
  const isPartly = route.isBehindSubcommand && served.length < subcommands.length;
  const names = served.map((member) => `\`${member.name.split("|")[1]!.toUpperCase()}\``);
  const only = isPartly ? `; only ${names.toReversed().join(" and ")}` : "";
  const text = route.isBehindSubcommand ? `by key, behind the subcommand${only}` : route.text;
  return { row, name: name.toUpperCase(), text, since, isUntested };
}

/** A quiet operation is told with the one that it is a quiet form of. */
function renderBinaryTable(): string {
  const hex = (row: CommandRow) => `0x${operationOf(row).toString(16).padStart(2, "0")}`;
  const loud = binaryRows.filter((row) => loudOf(operationOf(row)) < 0);
  return alignColumns([
    ["Operation", "Name", "Quiet form", "Data", "What happens"],
    ...loud.map((row) => {
      const quiet = binaryRows.find((one) => loudOf(operationOf(one)) === operationOf(row));
      return [
        hex(row),
        `\`${row.name}\``,
        quiet === undefined ? "" : hex(quiet),
        dataText(row),
        routeText(row, answerTextOf(row)),
      ];
    }),
  ]);
}

function renderTable(lines: readonly Line[]): string {
  const ordered = lines.toSorted((one, other) => one.row.name < other.row.name ? -1 : 1);
  return alignColumns([
    ["Command", "Words", "Data", "What happens"],
    ...ordered.map(({ row, name, text, since, isUntested }) => [
      `\`${name}\``,
      row.arity > 0 ? `${row.arity}` : `${-row.arity}+`,
      dataText(row),
      routeText(row, text) +
      (since === null ? "" : ` _(${since}${isUntested ? ", untested" : ""})_`),
    ]),
  ]);
}

function dataText({ flags }: CommandDefinition): string {
  if ((flags & CommandFlag.Write) !== 0) return "write";
  return (flags & CommandFlag.Read) !== 0 ? "read" : "";
}

/** What happens to a command of Redis, in the page's words. */
export function describeRoute(name: string): string {
  const { row, text } = redisLine(name);
  return routeText(row, text);
}

function routeText(row: CommandDefinition, text: string | null): string {
  switch (row.action) {
    case Action.Forward:
    case Action.ForwardApart:
      return text ?? forwardText(row);
    case Action.Split:
      return `split: ${mergeTexts[row.merge]}`;
    case Action.EveryShard:
      return `every shard: ${mergeTexts[row.merge]}`;
    case Action.Local:
      if (text === null) {
        throw new Error(`Cannot describe "${row.name}": no record says its answer`);
      }
      return hasKeys(row) ? text : `proxy: ${text}`;
    case Action.Refuse:
      // The table's text is the whole error: the reason stands behind the command's name.
      return `refused: ${row.refusal!.slice(row.refusal!.indexOf(": ") + 2)}`;
  }
}

function forwardText({ firstKey, lastKey, keyFinder }: CommandDefinition): string {
  return keyFinder === null && firstKey === lastKey ? "by key" : "keys together";
}

function hasKeys({ firstKey, keyFinder }: CommandDefinition): boolean {
  return firstKey > 0 || keyFinder !== null;
}

if (import.meta.main) {
  await Deno.writeTextFile(
    new URL(`../${COMMANDS_DOCUMENT}`, import.meta.url),
    renderCommandsDocument(),
  );
}
