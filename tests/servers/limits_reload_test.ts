/**
 * Each limit of one client or backend connection, for clients of Redis and of memcached: what is beyond it is refused or
 * held back, counted, and no neighbour's; and another value by a reload is for those who are connected.
 *
 * @module
 */
import { assert, assertEquals } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { type MemcachedServer, startMemcachedServer } from "../support/servers/memcached_server.ts";
import { type RedisServer, startRedisServer } from "../support/servers/redis_server.ts";
import { readMetric } from "./metrics.ts";

/** How clients of one protocol ask, and are answered. */
interface Speech {
  readonly type: "redis" | "memcache";
  start(): Promise<RedisServer | MemcachedServer>;
  set(key: string, value: string): string;
  get(key: string): string;
  readonly stored: string;
  found(key: string, value: string): string;
  error(text: string): string;
}

const speeches: Speech[] = [
  {
    type: "redis",
    start: () => startRedisServer(),
    set: (key, value) =>
      `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${value.length}\r\n${value}\r\n`,
    get: (key) => `*2\r\n$3\r\nGET\r\n$${key.length}\r\n${key}\r\n`,
    stored: "+OK\r\n",
    found: (_key, value) => `$${value.length}\r\n${value}\r\n`,
    error: (text) => `-ERR ${text}\r\n`,
  },
  {
    type: "memcache",
    start: () => startMemcachedServer(),
    set: (key, value) => `set ${key} 0 0 ${value.length}\r\n${value}\r\n`,
    get: (key) => `get ${key}\r\n`,
    stored: "STORED\r\n",
    found: (key, value) => `VALUE ${key} 0 ${value.length}\r\n${value}\r\nEND\r\n`,
    error: (text) => `SERVER_ERROR ${text}\r\n`,
  },
];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A client that sends and reads text. */
class TextClient implements Disposable {
  readonly #connection: Deno.TcpConn;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async connect(port: number): Promise<TextClient> {
    return new TextClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  async send(text: string): Promise<void> {
    const bytes = encoder.encode(text);
    let sent = 0;
    while (sent < bytes.length) sent += await this.#connection.write(bytes.subarray(sent));
  }

  /** So many bytes, or what came before the end. */
  async read(count: number): Promise<string> {
    const bytes = new Uint8Array(count);
    let at = 0;
    while (at < count) {
      const read = await withDeadline(
        this.#connection.read(bytes.subarray(at)).catch(() => null),
        `${count - at} bytes more`,
      );
      if (read === null) break;
      at += read;
    }
    return decoder.decode(bytes.subarray(0, at));
  }

  async ask(text: string, expected: string): Promise<void> {
    await this.send(text);
    assertEquals(await this.read(expected.length), expected);
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

class Scene implements AsyncDisposable {
  readonly aster: Aster;
  readonly server: RedisServer | MemcachedServer;
  readonly #speech: Speech;

  constructor(aster: Aster, server: RedisServer | MemcachedServer, speech: Speech) {
    this.aster = aster;
    this.server = server;
    this.#speech = speech;
  }

  static async start(speech: Speech, keys: string): Promise<Scene> {
    const server = await speech.start();
    const aster = await startAster(
      (port) => textOf(speech, port, server.port, keys),
      { metrics: true },
    );
    return new Scene(aster, server, speech);
  }

  async reload(keys: string): Promise<void> {
    const { aster, server } = this;
    const seen = aster.logs().length;
    await Deno.writeTextFile(
      aster.configFile,
      textOf(this.#speech, aster.port, server.port, keys),
    );
    aster.process.signal("SIGHUP");
    await until(() => /Configuration reloaded/.test(aster.logs().slice(seen)), {
      what: "the reload",
    });
  }

  connect(): Promise<TextClient> {
    return TextClient.connect(this.aster.port);
  }

  counted(reason: string): Promise<number> {
    return readMetric(this.aster, "aster_failures_total", `reason="${reason}"`);
  }

  inFlight(): Promise<number> {
    return readMetric(this.aster, "aster_backend_in_flight");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.aster[Symbol.asyncDispose]();
    this.server.resume();
    await this.server[Symbol.asyncDispose]();
  }
}

function textOf({ type }: Speech, port: number, server: number, keys: string): string {
  return `[[clusters]]
name = "pool"
listen_addr = "127.0.0.1:${port}"
cache_type = "${type}"
servers = ["127.0.0.1:${server}"]
read_timeout = 60_000
write_timeout = 60_000
${keys}
`;
}

for (const speech of speeches) {
  const { type, get, set, stored, found, error } = speech;

  Deno.test(`${type}: max_pipeline holds one client back, and a reload changes how much`, async () => {
    await using scene = await Scene.start(speech, "max_pipeline = 5");
    using client = await scene.connect();
    using neighbour = await scene.connect();
    await neighbour.ask(set("k", "v"), stored);
    await scene.server.pause();
    const all = found("k", "v").repeat(40);
    await client.send(get("k").repeat(40));
    await until(async () => await scene.inFlight() === 5, { what: "five are in flight" });
    await neighbour.send(get("k"));
    await until(async () => await scene.inFlight() === 6, { what: "the neighbour's as well" });
    await scene.reload("max_pipeline = 20");
    scene.server.resume();
    assertEquals(await client.read(all.length), all);
    assertEquals(await neighbour.read(found("k", "v").length), found("k", "v"));
    for (const [limit, isSet] of [[20, true], [3, false]] as const) {
      if (!isSet) await scene.reload(`max_pipeline = ${limit}`);
      await scene.server.pause();
      await client.send(get("k").repeat(40));
      await until(async () => await scene.inFlight() === limit, { what: `${limit} are in flight` });
      scene.server.resume();
      assertEquals(await client.read(all.length), all);
    }
  });

  Deno.test(`${type}: client_output_limit closes who does not read, and is another after a reload`, async () => {
    const value = "v".repeat(100_000);
    const count = 60;
    await using scene = await Scene.start(speech, "client_output_limit = 1000000");
    using neighbour = await scene.connect();
    await neighbour.ask(set("k", value), stored);
    /** Asks for 6 MB before any of it comes, and reads nothing yet. */
    const flood = async () => {
      const client = await scene.connect();
      await scene.server.pause();
      await client.send(get("k").repeat(count));
      await until(async () => await scene.inFlight() === count, { what: "all are in flight" });
      scene.server.resume();
      return client;
    };
    using first = await flood();
    await until(async () => await scene.counted("client_output_limit") === 1, {
      what: "it is closed",
    });
    assert((await first.read(count * value.length)).length < count * value.length);
    await neighbour.ask(get("k"), found("k", value));
    await scene.reload("client_output_limit = 16000000");
    using second = await flood();
    const all = found("k", value).repeat(count);
    await neighbour.ask(get("k"), found("k", value));
    assert(await second.read(all.length) === all);
    assertEquals(await scene.counted("client_output_limit"), 1);
  });

  Deno.test(`${type}: max_request_bytes refuses what is larger, and is another after a reload`, async () => {
    await using scene = await Scene.start(speech, "max_request_bytes = 2048");
    using neighbour = await scene.connect();
    const large = "v".repeat(3_000);
    const refusal = error("request is larger than max_request_bytes allows");
    using client = await scene.connect();
    await client.ask(set("k", "v") + set("k", large), stored + refusal);
    assertEquals(await client.read(1), "");
    assertEquals(await scene.counted("client_request_limit"), 1);
    await scene.reload("max_request_bytes = 4096");
    await neighbour.ask(set("k", large), stored);
    await scene.reload("max_request_bytes = 1024");
    await neighbour.ask(set("k", large), refusal);
  });

  Deno.test(`${type}: client_idle_timeout closes who rests, from the reload on that sets it`, async () => {
    await using scene = await Scene.start(speech, "");
    using idle = await scene.connect();
    using busy = await scene.connect();
    await idle.ask(set("k", "v"), stored);
    await scene.reload("client_idle_timeout = 1500");
    let isClosed = false;
    const closed = idle.read(1).then((rest) => {
      assertEquals(rest, "");
      isClosed = true;
    });
    await until(async () => {
      await busy.ask(get("k"), found("k", "v"));
      return isClosed;
    }, { what: "it is closed" });
    await closed;
    assertEquals(await scene.counted("client_idle"), 1);
    await busy.ask(get("k"), found("k", "v"));
  });

  Deno.test(`${type}: max_backend_queue_bytes fails requests at once, holds clients back before, and is another after a reload`, async () => {
    const limits = (bytes: number) =>
      `max_backend_queue_bytes = ${bytes}\nbackend_queue_soft_bytes = ${bytes}`;
    await using scene = await Scene.start(speech, limits(1_000_000));
    // Each request alone is more than half of the limit.
    const request = set("k", "v".repeat(600_000));
    await scene.server.pause();
    await using owned = new AsyncDisposableStack();
    const refused = async () => await scene.counted("backend_queue_full");
    const taken = async () => await scene.inFlight() + await refused();
    const address = `127.0.0.1:${scene.server.port}`;
    const refusal = error(`backend ${address}: send queue is full`);
    // The system takes some megabytes, and some more now and then; once the queue is full, requests fail.
    await until(async () => {
      const client = owned.use(await scene.connect());
      const before = await taken();
      await client.send(request);
      await until(async () => await taken() === before + 1, { what: "it is taken or refused" });
      if (await refused() === 0) return false;
      assertEquals(await client.read(refusal.length), refusal);
      return true;
    }, { what: "the queue is full" });
    const queued = async () => await readMetric(scene.aster, "aster_backend_queued_bytes");
    assert(await queued() <= 1_000_000);
    await scene.reload(limits(64_000_000));
    const counted = await scene.counted("backend_queue_full");
    using after = await scene.connect();
    const inFlight = await scene.inFlight();
    await after.send(request);
    await until(async () => await scene.inFlight() === inFlight + 1, { what: "it is taken" });
    assertEquals(await scene.counted("backend_queue_full"), counted);
    scene.server.resume();
    assertEquals(await after.read(stored.length), stored);
  });
}
