/**
 * A thousand servers behind two workers: nothing is connected to before it is needed, only one worker pings, and when
 * all are needed at once they are connected to one after the other, while other requests are served.
 *
 * @module
 */
import { DIALS_AT_ONCE_MAX, DIALS_PER_SECOND } from "../../src/backend/dial_pace.ts";
import { assert, assertEquals } from "../deps.ts";
import { startAster } from "../support/servers/aster.ts";
import { until } from "../support/tools/poll.ts";

const SERVERS = 1_000;

/** All servers, on one port and as many loopback addresses. */
class Servers implements Disposable {
  readonly listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  readonly acceptedAtMs: number[] = [];
  pings = 0;
  readonly #connections = new Set<Deno.TcpConn>();

  constructor() {
    this.#accept();
  }

  get port(): number {
    return this.listener.addr.port;
  }

  get addresses(): string[] {
    return Array.from(
      { length: SERVERS },
      (_, index) => `127.1.${index >> 8}.${index & 255}:${this.port}`,
    );
  }

  async #accept(): Promise<void> {
    for await (const connection of this.listener) {
      this.acceptedAtMs.push(performance.now());
      this.#connections.add(connection);
      this.#serve(connection).catch(() => {}).finally(() => this.#connections.delete(connection));
    }
  }

  async #serve(connection: Deno.TcpConn): Promise<void> {
    const room = new Uint8Array(4096);
    for (;;) {
      const count = await connection.read(room);
      if (count === null) return;
      const lines = new TextDecoder().decode(room.subarray(0, count)).split("\r\n").slice(0, -1);
      // A ping is padded: to a memcached that speaks the binary protocol only it is a whole packet.
      const isPing = (line: string) => line.trimEnd() === "version";
      this.pings += lines.filter(isPing).length;
      const replies = lines.map((line) => isPing(line) ? "VERSION 1.6.0\r\n" : "END\r\n");
      await connection.write(new TextEncoder().encode(replies.join("")));
    }
  }

  [Symbol.dispose](): void {
    this.listener.close();
    for (const connection of this.#connections) connection.close();
  }
}

function configOf(servers: Servers, keys: string): (port: number) => string {
  return (port) =>
    `[[clusters]]
name = "many"
listen_addr = "127.0.0.1:${port}"
cache_type = "memcache"
servers = [${servers.addresses.map((address) => `"${address}:1"`).join(", ")}]
read_timeout = 10_000
dial_timeout = 10_000
${keys}
`;
}

/**
 * By how many more have come at some time than may be connected to until then. What the kernel has connected may be
 * accepted here late, and many at once; never early.
 */
function excessOf(times: readonly number[], startMs: number): number {
  const excesses = times.map((timeMs, index) =>
    index + 1 - DIALS_AT_ONCE_MAX - (timeMs - startMs) * DIALS_PER_SECOND / 1000
  );
  return Math.max(...excesses);
}

/** Reads on, and counts the replies to lists of keys that nobody has. */
function countEnds(client: Deno.TcpConn): { ends: number } {
  const counted = { ends: 0 };
  (async () => {
    const room = new Uint8Array(4096);
    for (;;) {
      const count = await client.read(room).catch(() => null);
      if (count === null) return;
      const text = new TextDecoder().decode(room.subarray(0, count));
      counted.ends += text.split("\n").length - 1;
      if (/ERROR/.test(text)) throw new Error(text);
    }
  })();
  return counted;
}

Deno.test("servers are connected to when they are needed, a bounded number at a time", async () => {
  using servers = new Servers();
  await using aster = await startAster(configOf(servers, "thread = 1"), { metrics: true });
  assertEquals(servers.acceptedAtMs.length, 0);
  using client = await Deno.connect({ hostname: "127.0.0.1", port: aster.port });
  const keys = Array.from({ length: 20_000 }, (_, index) => `key:${index}`);
  const startMs = performance.now();
  const answered = countEnds(client);
  for (let first = 0; first < keys.length; first += 100) {
    const line = `get ${keys.slice(first, first + 100).join(" ")}\r\n`;
    await client.write(new TextEncoder().encode(line));
  }
  await until(() => answered.ends === keys.length / 100, { what: "every request is answered" });
  const tookMs = performance.now() - startMs;
  const excess = excessOf(servers.acceptedAtMs, startMs);
  console.log(`${servers.acceptedAtMs.length} servers in ${tookMs.toFixed(0)} ms`);
  assert(excess <= 1, `${excess} more than may be`);
  assert(servers.acceptedAtMs.length > 0.8 * SERVERS);
  assert(tookMs >= (0.8 * SERVERS - DIALS_AT_ONCE_MAX) / DIALS_PER_SECOND * 1000 - 100);
});

Deno.test("only one worker pings, each server over one connection", async () => {
  using servers = new Servers();
  const keys = "thread = 2\nping_fail_limit = 3\nping_succ_interval = 3000";
  await using _aster = await startAster(configOf(servers, keys));
  await until(() => servers.pings >= 2 * SERVERS, { what: "all were pinged twice" });
  const { acceptedAtMs } = servers;
  assertEquals(acceptedAtMs.length, SERVERS);
  const tookMs = acceptedAtMs.at(-1)! - acceptedAtMs[0]!;
  const leastMs = (SERVERS - DIALS_AT_ONCE_MAX) / DIALS_PER_SECOND * 1000;
  // The first may be accepted late here, so that it seems to have taken less time.
  assert(tookMs >= leastMs / 2, `${tookMs} ms`);
});
