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
  isBlockingForm,
  type KeyFinder,
  Merge,
  type MergeCode,
} from "../src/protocol/command_table.ts";
import { alignColumns } from "./markdown_table.ts";
import { binaryRows, loudOf, operationOf } from "../src/protocol/memcache/binary/commands.ts";
import { MemcacheCommands } from "../src/protocol/memcache/commands.ts";
import { bitmapCommands } from "../src/protocol/resp/commands/bitmap.ts";
import { connectionCommands } from "../src/protocol/resp/commands/connection.ts";
import { geoCommands } from "../src/protocol/resp/commands/geo.ts";
import { hashCommands } from "../src/protocol/resp/commands/hash.ts";
import { hyperloglogCommands } from "../src/protocol/resp/commands/hyperloglog.ts";
import { keyspaceCommands } from "../src/protocol/resp/commands/keyspace.ts";
import { listCommands } from "../src/protocol/resp/commands/list.ts";
import { pubsubCommands } from "../src/protocol/resp/commands/pubsub.ts";
import { scriptingCommands } from "../src/protocol/resp/commands/scripting.ts";
import { serverCommands } from "../src/protocol/resp/commands/server.ts";
import { setCommands } from "../src/protocol/resp/commands/set.ts";
import { sortedSetCommands } from "../src/protocol/resp/commands/sorted_set.ts";
import { streamCommands } from "../src/protocol/resp/commands/stream.ts";
import { stringCommands } from "../src/protocol/resp/commands/string.ts";
import { channelKey } from "../src/protocol/resp/key_finders/channel_key.ts";
import { vectorSetCommands } from "../src/protocol/resp/commands/vector_set.ts";
import { laterCommands } from "../src/protocol/resp/commands/versions.ts";
import { functionKeys, scriptKeys } from "../src/protocol/resp/key_finders/counted_keys.ts";
import { streamKeys } from "../src/protocol/resp/key_finders/option_keys.ts";
import {
  memoryKeys,
  objectKeys,
  streamGroupKeys,
  streamInfoKeys,
} from "../src/protocol/resp/key_finders/subcommand_keys.ts";

/** The page, from the repository's root. */
export const COMMANDS_DOCUMENT = "docs/commands.md";

/** The Redis commands in the groups of their tables, each with its title. */
export const redisGroups: readonly (readonly [string, readonly CommandDefinition[]])[] = ([
  ["Strings", stringCommands],
  ["Keys of any type", keyspaceCommands],
  ["Hashes", hashCommands],
  ["Lists", listCommands],
  ["Sets", setCommands],
  ["Sorted sets", sortedSetCommands],
  ["Streams", streamCommands],
  ["Geospatial", geoCommands],
  ["Bitmaps", bitmapCommands],
  ["HyperLogLog", hyperloglogCommands],
  ["Vector sets", vectorSetCommands],
  ["Scripts and functions", scriptingCommands],
  ["Publish and subscribe", pubsubCommands],
  ["Connection and transactions", connectionCommands],
  ["Server", serverCommands],
] as const).map(([title, rows]) => [title, rows.filter(({ name }) => !isBlockingForm(name))]);

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

A command that is not on this page is answered as a server answers an unknown command.
`;

const REDIS_HEAD = `## Redis and Redis Cluster

The commands are those of Redis 7.0 to 8 and of Valkey 9. Where a later version than Redis 7.0 is
named, the command came with it; those of Redis 7.4 and later that Valkey 9.1 does not have are
tested against scripted backends only. A server that lacks a command says so itself; what the proxy
says in its place follows [the servers' version](decisions/0035-words-of-the-servers.md). Requests
are arrays of bulk strings or inline lines. A client that says \`HELLO 3\` gets RESP3 replies, over
backend connections that speak RESP3 too: the backends have to be Redis 6 or later for it.

\`SCAN\` goes through the servers one after the other. Its cursor is a server's cursor times 1,024
plus the server's number, which stays the same for the life of the proxy and in all of its workers.
What is there from the start of a scan to its end is returned at least once, as by a server; but for
keys whose slot moves meanwhile.

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
  [Merge.Concatenated]: "one array with the elements of all, or the first error",
  [Merge.Values]: "the values in the order of the keys; an error if a backend has no reply",
};

const BEHIND_SUBCOMMAND = "by key, behind the subcommand";

/** What is to be said of commands whose keys are looked for; of others, "keys together". */
const finderTexts = new Map<KeyFinder, string>([
  [
    channelKey,
    "by channel; the reply counts connections of proxies, not their clients; in a script: see above",
  ],
  [objectKeys, BEHIND_SUBCOMMAND],
  [memoryKeys, `${BEHIND_SUBCOMMAND}; only \`USAGE\` and \`HELP\``],
  [streamInfoKeys, BEHIND_SUBCOMMAND],
  [streamGroupKeys, BEHIND_SUBCOMMAND],
  [streamKeys, "keys together; with `BLOCK` over a connection of its own"],
  [scriptKeys, "keys together; without keys: any backend"],
  [functionKeys, "keys together; without keys: any backend"],
]);

const SUBSCRIPTION_ENDS = "ends at the server with the last client that has it";

/** What the proxy's own answers are. */
export const localTexts: Readonly<Record<string, string>> = {
  auth:
    "against `password` or `auth` of the configuration; as a server without passwords if there are none",
  client:
    "about the proxy's clients: `LIST`, `INFO`, `KILL`, `PAUSE`, `UNPAUSE` for those of all " +
    "workers, `ID`, `GETNAME`, `SETNAME`, `SETINFO`, `REPLY`; not `TRACKING`",
  cluster: "in front of a Redis Cluster: the proxy is the whole cluster (`COUNTKEYSINSLOT` and " +
    "`GETKEYSINSLOT` ask the slot's owner as the slot map has it); else an error",
  command:
    "the commands that are served, `COUNT`, `LIST`, `INFO`, `GETKEYS`, `GETKEYSANDFLAGS`; `DOCS` of a server",
  discard: "ends the transaction",
  echo: "the word",
  exec: "runs the transaction on the server of its keys",
  function:
    "`LOAD`, `DELETE`, `FLUSH`, `RESTORE`, `KILL` and `STATS` at every server, `LIST` and " +
    "`DUMP` at one",
  hello: "RESP2 or RESP3, `AUTH` and `SETNAME`, once all earlier requests are answered",
  info: "about the proxy and its clients, and what the servers say together, see " +
    "[decision 0027](decisions/0027-info-of-many-servers.md)",
  lolwut: "the servers' name and least version",
  mn: "`MN`, behind the replies to all earlier requests",
  multi: "begins a transaction, on the server of its first key",
  ping: "`PONG`, or the word",
  psubscribe: "at every server; in front of a Redis Cluster at one master, or where it can match " +
    "events of keys, at all",
  pubsub: "about the proxy's clients, those of all workers",
  punsubscribe: SUBSCRIPTION_ENDS,
  quit: "the connection is closed behind all replies that are due",
  randomkey: "a key of any server, those with more keys more often",
  readonly: "in front of a Redis Cluster OK, without effect; else an error",
  readwrite: "in front of a Redis Cluster OK, without effect; else an error",
  reset: "back to what a new client is, once all earlier requests are answered",
  scan: "one server after the other: the cursor says which, see below",
  script:
    "`LOAD`, `EXISTS`, `FLUSH` and `KILL` at every server; a script that the proxy knows is " +
    "loaded ahead of an `EVALSHA` that would not find it, also inside `MULTI`, and exists",
  select: "in a sharded pool: connections of that database; in front of a Redis Cluster only 0",
  ssubscribe:
    "at the channel's server; in front of a Redis Cluster all in one slot, and followed " +
    "when it moves",
  subscribe: "at the channel's server (events of keys: at all); confirmed once the server has",
  sunsubscribe: SUBSCRIPTION_ENDS,
  time: "the proxy's clock",
  unwatch: "gives the connection that watches back",
  unsubscribe: SUBSCRIPTION_ENDS,
  wait: "`0` for no replicas; for more it is refused: the connections to servers are shared, see " +
    "[decision 0028](decisions/0028-what-wait-says.md)",
  waitaof: "`0` and `0` for no copies; for more it is refused, as `WAIT`",
  watch: "keys together, over the connection that the transaction will run on",
  stats:
    "of all servers as of one; `items`, `slabs`, `sizes`, `settings` and `conns` also of one " +
    "server, by its name or address behind them; `proxy`: of the proxy itself; `reset`, `detail` " +
    "and `cachedump` at every server",
  version:
    "the least of the servers', see [decision 0009](decisions/0009-reported-memcache-version.md)",
};

/** Returns the page's text. */
export function renderCommandsDocument(): string {
  const memcache = new MemcacheCommands().rows;
  const sections = [
    HEAD,
    REDIS_HEAD,
    ...redisGroups.flatMap(([title, rows]) => [`### ${title}\n`, renderTable(rows, upper)]),
    MEMCACHE_HEAD,
    renderTable(memcache, (name) => name),
    BINARY_HEAD,
    renderBinaryTable(),
  ];
  return sections.join("\n");
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
        row.action === Action.Local ? `proxy: ${binaryTexts[row.name]}` : describeRoute(row),
      ];
    }),
  ]);
}

/** What the proxy's own answers to binary requests are. */
const binaryTexts: Readonly<Record<string, string>> = {
  noop: "behind the replies to all earlier requests",
  quit: "the connection is closed behind all replies that are due, this one's included",
  quitq: "the connection is closed behind all replies that are due",
  sasl_auth: "`PLAIN`, against `password` or `auth` of the configuration",
  sasl_list: "`PLAIN`; without users an unknown command, as at a server without SASL",
  sasl_step: "refused: `PLAIN` needs one step",
  stat: "as `stats`",
  version: "as `version`",
};

function renderTable(
  rows: readonly CommandDefinition[],
  showName: (name: string) => string,
): string {
  const ordered = rows.toSorted((one, other) => one.name < other.name ? -1 : 1);
  return alignColumns([
    ["Command", "Words", "Data", "What happens"],
    ...ordered.map((row) => [
      `\`${showName(row.name)}\``,
      row.arity > 0 ? `${row.arity}` : `${-row.arity}+`,
      dataText(row),
      describeRoute(row) + sinceText(row.name),
    ]),
  ]);
}

function upper(name: string): string {
  return name.toUpperCase();
}

function dataText({ flags }: CommandDefinition): string {
  if ((flags & CommandFlag.Write) !== 0) return "write";
  return (flags & CommandFlag.Read) !== 0 ? "read" : "";
}

function sinceText(name: string): string {
  const version = laterCommands.get(name);
  return version === undefined ? "" : ` _(${version})_`;
}

/** What happens to a command, in the page's words. */
export function describeRoute(row: CommandDefinition): string {
  switch (row.action) {
    case Action.Forward:
    case Action.ForwardApart:
      return forwardText(row);
    case Action.Split:
      return `split: ${mergeTexts[row.merge]}`;
    case Action.EveryShard:
      return `every shard: ${mergeTexts[row.merge]}`;
    case Action.Local:
      if (hasKeys(row)) {
        return localTexts[row.name] ?? "keys together, over a connection of its own";
      }
      return `proxy: ${localText(row.name)}`;
    case Action.Refuse:
      // The table's text is the whole error: the reason stands behind the command's name.
      return `refused: ${row.refusal!.slice(row.refusal!.indexOf(": ") + 2)}`;
  }
}

function forwardText({ firstKey, lastKey, keyFinder }: CommandDefinition): string {
  if (keyFinder !== null) return finderTexts.get(keyFinder) ?? "keys together";
  return firstKey === lastKey ? "by key" : "keys together";
}

function hasKeys({ firstKey, keyFinder }: CommandDefinition): boolean {
  return firstKey > 0 || keyFinder !== null;
}

function localText(name: string): string {
  const text = localTexts[name];
  if (text === undefined) {
    throw new Error(`Cannot describe "${name}": its answer is not in the list`);
  }
  return text;
}

if (import.meta.main) {
  await Deno.writeTextFile(
    new URL(`../${COMMANDS_DOCUMENT}`, import.meta.url),
    renderCommandsDocument(),
  );
}
