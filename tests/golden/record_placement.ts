/**
 * Asks a real nutcracker (twemproxy) where it sends keys, and writes `placement.json`. To be run by hand:
 *
 *     deno run -A tests/golden/record_placement.ts
 *
 * Every server of every pool is a sink on loopback that answers each GET with its own address; the reply
 * that comes back through nutcracker tells which server got the key. Nothing here uses the code under test.
 *
 * @module
 */
import { GOLDEN_KEYS, GOLDEN_POOLS, type GoldenPool, isMemcacheKey } from "./placement_cases.ts";

const READ_BUFFER_BYTES = 65_536;
const KEYS_PER_BATCH = 50;
const SETTLE_ATTEMPTS_MAX = 20;

/** Where each pool's keys went: per pool one character per key, see {@link ownerLetter}. */
export async function recordPlacement(
  pools: readonly GoldenPool[],
  keys: readonly Uint8Array[],
): Promise<string[]> {
  const sinks = [...new Set(pools.flatMap(liveAddresses))].map(openSink);
  const configFile = await Deno.makeTempFile({ suffix: ".yml" });
  const [statsPort, ...ports] = freePorts(1 + pools.length);
  await Deno.writeTextFile(configFile, pools.map((p, i) => poolYaml(p, i, ports[i]!)).join(""));
  const nutcracker = new Deno.Command("nutcracker", {
    args: ["-c", configFile, "-a", "127.0.0.1", "-s", `${statsPort}`, "-o", `${configFile}.log`],
    stderr: "null",
  }).spawn();
  try {
    const owners: string[] = [];
    for (let i = 0; i < pools.length; i++) owners.push(await askPool(pools[i]!, ports[i]!, keys));
    return owners;
  } finally {
    nutcracker.kill("SIGKILL");
    await nutcracker.status;
    for (const sink of sinks) sink.close();
    await Deno.remove(configFile);
    await Deno.remove(`${configFile}.log`).catch(() => {});
  }
}

/** The character for a server's number in its pool's list; `-` for a key that was not sent. */
export function ownerLetter(serverNumber: number): string {
  return serverNumber.toString(36);
}

function addressOf(server: string): string {
  return server.split(" ")[0]!.replace(/:\d+$/, "");
}

function liveAddresses(pool: GoldenPool): string[] {
  return pool.servers.filter((_, i) => !pool.ejected.includes(i)).map(addressOf);
}

function poolYaml(pool: GoldenPool, number: number, port: number): string {
  const lines = [
    `pool${number}:`,
    `  listen: 127.0.0.1:${port}`,
    `  hash: ${pool.hash}`,
    `  distribution: ${pool.distribution}`,
    `  redis: ${pool.protocol === "redis"}`,
    `  auto_eject_hosts: ${pool.ejected.length > 0}`,
    "  server_failure_limit: 1",
    "  server_retry_timeout: 3600000",
  ];
  if (pool.hashTag !== null) lines.push(`  hash_tag: "${pool.hashTag}"`);
  lines.push("  servers:", ...pool.servers.map((server) => `   - ${server}`), "");
  return lines.join("\n");
}

/** Ports that were free together a moment ago. */
function freePorts(count: number): number[] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  for (const listener of listeners) listener.close();
  return listeners.map((listener) => listener.addr.port);
}

function openSink(address: string): Deno.TcpListener {
  const colon = address.lastIndexOf(":");
  const listener = Deno.listen({
    hostname: address.slice(0, colon),
    port: Number(address.slice(colon + 1)),
  });
  (async () => {
    for await (const connection of listener) serveSink(connection, address).catch(() => {});
  })();
  return listener;
}

/** Answers `GET key` in RESP and `get key` in memcache's text protocol with the sink's address. */
async function serveSink(connection: Deno.Conn, address: string): Promise<void> {
  const buffer = new Uint8Array(READ_BUFFER_BYTES);
  let pending = "";
  for (;;) {
    const byteCount = await connection.read(buffer);
    if (byteCount === null) return connection.close();
    pending += latin1(buffer.subarray(0, byteCount));
    let replies = "";
    for (;;) {
      const resp = /^\*2\r\n\$3\r\nGET\r\n\$(\d+)\r\n/i.exec(pending);
      const line = /^get ([^ \r\n]+) *\r\n/.exec(pending);
      if (resp !== null && pending.length >= resp[0].length + Number(resp[1]) + 2) {
        pending = pending.slice(resp[0].length + Number(resp[1]) + 2);
        replies += `$${address.length}\r\n${address}\r\n`;
      } else if (line !== null) {
        pending = pending.slice(line[0].length);
        replies += `VALUE ${line[1]} 0 ${address.length}\r\n${address}\r\nEND\r\n`;
      } else break;
    }
    await writeAll(connection, replies);
  }
}

async function askPool(
  pool: GoldenPool,
  port: number,
  keys: readonly Uint8Array[],
): Promise<string> {
  const letters = new Map(pool.servers.map((s, i) => [addressOf(s), ownerLetter(i)]));
  const isMemcache = pool.protocol === "memcache";
  const sent = keys.filter((key) => !isMemcache || isMemcacheKey(key));
  for (let attempt = 0; attempt < SETTLE_ATTEMPTS_MAX; attempt++) {
    const answers = await askKeys(isMemcache, port, sent);
    if (answers.some((answer) => !letters.has(answer))) continue;
    const found = answers.map((answer) => letters.get(answer)!);
    return keys.map((key) => isMemcache && !isMemcacheKey(key) ? "-" : found.shift()!).join("");
  }
  throw new Error(`Cannot settle pool ${JSON.stringify(pool)}`);
}

/** The address, or the error, that each key is answered with. */
async function askKeys(
  isMemcache: boolean,
  port: number,
  keys: readonly Uint8Array[],
): Promise<string[]> {
  const connection = await connectPatiently(port);
  const buffer = new Uint8Array(READ_BUFFER_BYTES);
  const answers: string[] = [];
  const replyPattern = isMemcache
    ? /^(?:VALUE [^ ]+ 0 \d+\r\n(.*)\r\nEND|(?:SERVER_)?ERROR(.*))\r\n/
    : /^(?:\$\d+\r\n(.*)|-(.*))\r\n/;
  for (let first = 0; first < keys.length; first += KEYS_PER_BATCH) {
    const batch = keys.slice(first, first + KEYS_PER_BATCH).map(latin1);
    const requests = batch.map((key) =>
      isMemcache ? `get ${key}\r\n` : `*2\r\n$3\r\nGET\r\n$${key.length}\r\n${key}\r\n`
    );
    await writeAll(connection, requests.join(""));
    let pending = "";
    while (answers.length < first + batch.length) {
      const reply = replyPattern.exec(pending);
      if (reply !== null) {
        answers.push(reply[1] ?? `error:${reply[2]}`);
        pending = pending.slice(reply[0].length);
        continue;
      }
      const byteCount = await connection.read(buffer);
      if (byteCount === null) throw new Error(`Cannot read on: closed after "${pending}"`);
      pending += latin1(buffer.subarray(0, byteCount));
    }
  }
  connection.close();
  return answers;
}

async function connectPatiently(port: number): Promise<Deno.Conn> {
  for (let attempt = 0;; attempt++) {
    try {
      return await Deno.connect({ hostname: "127.0.0.1", port });
    } catch (error) {
      if (attempt === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function writeAll(connection: Deno.Conn, text: string): Promise<void> {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

if (import.meta.main) {
  const version = await new Deno.Command("nutcracker", { args: ["--version"] }).output();
  const owners = await recordPlacement(GOLDEN_POOLS, GOLDEN_KEYS);
  const golden = {
    origin: `Recorded by record_placement.ts from ${
      new TextDecoder().decode(version.stderr.length > 0 ? version.stderr : version.stdout)
        .match(/nutcracker-\S+/)?.[0]
    } (${Deno.build.target})`,
    format: "keys: base64, separated by spaces. owners: per key the number of the server in the " +
      "pool's list, in base 36; - where the key cannot be sent.",
    keys: GOLDEN_KEYS.map((key) => btoa(latin1(key))).join(" "),
    pools: GOLDEN_POOLS.map((pool, i) => ({ ...pool, owners: owners[i]! })),
  };
  const file = new URL("./placement.json", import.meta.url);
  await Deno.writeTextFile(file, JSON.stringify(golden, null, 2) + "\n");
}
