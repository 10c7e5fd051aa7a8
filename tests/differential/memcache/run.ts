/**
 * Random sequences of requests, sent to a memcached and to the proxy in front of others, and compared byte by byte.
 *
 * How it works: 1. each of several clients draws sequences from keys of its own, in lines or in packets, quiet,
 * `noreply` and plain requests mixed; 2. each sequence goes out as one pipeline, whole, byte by byte or cut at random,
 * with a request behind it whose answer ends what is read; 3. what comes back must be the same, but for what differs
 * between two servers anyhow: cas numbers, times, and whether an item was fetched before, which memcached forgets of
 * one that it counts anew, because it is being sent to somebody at the time.
 *
 * @module
 */
import { startAster } from "../../support/servers/aster.ts";
import {
  type MemcachedServer,
  startMemcachedServer,
} from "../../support/servers/memcached_server.ts";
import { withDeadline } from "../../support/tools/poll.ts";
import { Random } from "../../support/tools/seed.ts";
import { patientTimeouts } from "../../support/rigs/cluster_config.ts";
import { request } from "../../unit/protocol/memcache/binary/packets.ts";
import { toBytes, toText } from "../../unit/protocol/memcache/parse_stream.ts";
import { keysOf, randomLine } from "./lines.ts";
import { fatalPacket, randomPacket } from "./packets.ts";

/** Requests of a sequence at most. */
const SEQUENCE_MAX = 12;
/** Clients at once. */
const CLIENTS = 8;
/** Differences after which a run ends. */
const DIFFERENCES_MAX = 5;
/** A sequence's last request in packets is known by its opaque. */
const LAST_OPAQUE = 0xfeedbeef;
const LAST_PACKET = request({ operation: 0x0a, opaque: LAST_OPAQUE });
const LAST_ANSWER = `\x81\x0a${"\0".repeat(10)}\xfe\xed\xbe\xef${"\0".repeat(8)}`;
/** No value and no key ends so. */
const LAST_LINE = "mg last:line k Olast\r\n";
const LAST_LINE_ANSWER = "EN klast:line Olast\r\n";

/** What a run is to do. */
export interface RunOptions {
  /** Servers behind the proxy. */
  readonly serverCount: number;
  readonly sequenceCount: number;
  readonly seed: number;
}

/** What a run has found. */
export interface RunReport {
  requestCount: number;
  sequenceCount: number;
  /** Requests that the server answered by no error, as far as replies tell; 0 to 1. */
  succeeded: number;
  readonly differences: string[];
}

/** Runs the sequences. */
export async function runMemcacheDifferential(options: RunOptions): Promise<RunReport> {
  await using owned = new AsyncDisposableStack();
  const direct = owned.use(await startMemcachedServer());
  const servers: MemcachedServer[] = [];
  for (let index = 0; index < options.serverCount; index++) {
    servers.push(owned.use(await startMemcachedServer()));
  }
  const lines = servers.map(({ address }, index) => `"${address}:1 m${index}"`);
  const aster = owned.use(
    await startAster((port) =>
      `[[clusters]]
name = "pool"
listen_addr = "127.0.0.1:${port}"
cache_type = "memcache"
servers = [${lines.join(", ")}]
hash_tag = "{}"
${patientTimeouts()}
`
    ),
  );
  // No item has one of the low cas numbers that clients make up.
  const warm = Array.from({ length: 10 }, () => "set warm 0 0 1\r\nx\r\n").join("");
  for (const server of [direct, ...servers]) await server.ask(`${warm}mn\r\n`, "MN\r\n");
  const report: RunReport = { requestCount: 0, sequenceCount: 0, succeeded: 0, differences: [] };
  const counts = { replies: 0, errors: 0 };
  const run = async (client: number) => {
    const random = new Random(options.seed + client);
    const pair = new Pair(direct.port, aster.port);
    while (
      report.sequenceCount < options.sequenceCount &&
      report.differences.length < DIFFERENCES_MAX
    ) {
      report.sequenceCount += 1;
      const sequence = drawSequence(random, client);
      report.requestCount += sequence.requests.length;
      const [expected, got] = await pair.ask(sequence, random);
      countReplies(expected, sequence.isBinary, counts);
      if (areAlike(sequence, expected, got)) continue;
      report.differences.push(describe(sequence, expected, got));
    }
    pair.close();
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, client) => run(client)));
  report.succeeded = 1 - counts.errors / Math.max(1, counts.replies);
  return report;
}

interface Sequence {
  readonly requests: readonly string[];
  readonly isBinary: boolean;
  /** Whether the connection ends with it. */
  readonly isFatal: boolean;
}

function drawSequence(random: Random, client: number): Sequence {
  const isBinary = random.chance(0.4);
  const keys = keysOf(`c${client}`);
  const requests = Array.from(
    { length: random.between(1, SEQUENCE_MAX) },
    () => isBinary ? randomPacket(random, keys) : randomLine(random, keys),
  );
  const isFatal = isBinary && random.chance(0.02);
  if (isFatal) requests.push(fatalPacket(random, keys.all[0]!));
  return { requests, isBinary, isFatal };
}

/** One client's connections to the server and to the proxy, one pair for each protocol. */
class Pair {
  readonly #ports: readonly [number, number];
  readonly #connections = new Map<boolean, Deno.TcpConn[]>();

  constructor(direct: number, proxy: number) {
    this.#ports = [direct, proxy];
  }

  /** What the server answered, and what the proxy did. */
  async ask(sequence: Sequence, random: Random): Promise<[string, string]> {
    const { isBinary, isFatal } = sequence;
    const connections = await this.#connect(isBinary);
    const last = isBinary ? LAST_PACKET : LAST_LINE;
    const bytes = toBytes(sequence.requests.join("") + last);
    const pieces = cut(bytes, random);
    const end = isBinary ? LAST_ANSWER : LAST_LINE_ANSWER;
    const [expected, got] = await Promise.all(
      connections.map((connection) => converse(connection, pieces, end)),
    );
    if (isFatal) this.#forget(isBinary);
    return [expected!, got!];
  }

  close(): void {
    for (const isBinary of [true, false]) this.#forget(isBinary);
  }

  async #connect(isBinary: boolean): Promise<Deno.TcpConn[]> {
    const known = this.#connections.get(isBinary);
    if (known !== undefined) return known;
    const made = await Promise.all(
      this.#ports.map((port) => Deno.connect({ hostname: "127.0.0.1", port })),
    );
    this.#connections.set(isBinary, made);
    return made;
  }

  #forget(isBinary: boolean): void {
    for (const connection of this.#connections.get(isBinary) ?? []) connection.close();
    this.#connections.delete(isBinary);
  }
}

function cut(bytes: Uint8Array, random: Random): Uint8Array[] {
  const kind = random.below(20);
  if (kind > 4) return [bytes];
  if (kind === 0 && bytes.length < 400) return Array.from(bytes, (byte) => Uint8Array.of(byte));
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = Math.min(bytes.length, start + random.between(1, 200));
    pieces.push(bytes.subarray(start, end));
    start = end;
  }
  return pieces;
}

/** Sends the pieces and reads until what is read ends in `end`, or the connection does. */
async function converse(
  connection: Deno.TcpConn,
  pieces: readonly Uint8Array[],
  end: string,
): Promise<string> {
  const send = async () => {
    for (const piece of pieces) {
      for (let sent = 0; sent < piece.length;) sent += await connection.write(piece.subarray(sent));
    }
  };
  // A connection that the other side closes shows as the end of what is read.
  const sending = send().catch(() => {});
  let text = "";
  const buffer = new Uint8Array(64 * 1024);
  while (!text.endsWith(end)) {
    const reading = connection.read(buffer).catch(() => null);
    const count = await withDeadline(
      reading,
      `an answer behind ${JSON.stringify(text.slice(-80))}`,
    );
    if (count === null) break;
    text += toText(buffer, 0, count);
  }
  await sending;
  return text;
}

/** A server that hangs up may drop answers that it has not written; the proxy gives them. */
function areAlike({ isBinary, isFatal }: Sequence, expected: string, got: string): boolean {
  const [server, proxy] = [comparable(expected, isBinary), comparable(got, isBinary)];
  return isFatal ? proxy.startsWith(server) : proxy === server;
}

/** The answers without what differs between two servers that were asked the same. */
function comparable(text: string, isBinary: boolean): string {
  if (!isBinary) {
    return text.replace(/^(VALUE \S+ \d+ \d+) \d+\r$/gm, "$1 CAS\r")
      .replace(/^(?:VA \d+|HD|NS|EX|NF)(?: [^\r\n]*)?\r$/gm, withoutTimes)
      .replace(/ (exp|la|cas|size|fetch)=[-\w]+/g, " $1=N");
  }
  const bytes = toBytes(text);
  for (let start = 0; start + 24 <= bytes.length;) {
    const view = new DataView(bytes.buffer, start);
    const length = view.getUint32(8);
    bytes.fill(0, start + 16, start + 24);
    start += 24 + length;
  }
  return toText(bytes);
}

function withoutTimes(line: string): string {
  return line.replace(/ (c|t|l|h)-?\d+(?=[ \r])/g, " $1N");
}

function countReplies(
  text: string,
  isBinary: boolean,
  counts: { replies: number; errors: number },
): void {
  if (!isBinary) {
    counts.replies += text.match(/^(END|STORED|HD|VA|[A-Z]{2}|\d+|[A-Z_]+).*\r$/gm)?.length ?? 0;
    counts.errors += text.match(/^(ERROR|CLIENT_ERROR|SERVER_ERROR).*\r$/gm)?.length ?? 0;
    return;
  }
  const bytes = toBytes(text);
  for (let start = 0; start + 24 <= bytes.length;) {
    const view = new DataView(bytes.buffer, start);
    counts.replies += 1;
    if (view.getUint16(6) > 5) counts.errors += 1;
    start += 24 + view.getUint32(8);
  }
}

function describe({ requests }: Sequence, expected: string, got: string): string {
  const show = (text: string) => JSON.stringify(text.slice(0, 3000));
  return `sent ${show(requests.join(""))}\n  server ${show(expected)}\n  proxy  ${show(got)}`;
}
