/**
 * What the proxy counts of requests, by server and command, equals what the servers count themselves, over both workers
 * and under mixed load.
 */
import { assert, assertEquals } from "../deps.ts";
import { delay, until } from "../support/tools/poll.ts";
import { RespClient, RespError } from "../support/clients/resp_client.ts";
import type { RedisServer } from "../support/servers/redis_server.ts";
import { clientsOfBothWorkers } from "./both_workers.ts";
import { MemcacheText } from "./memcache_text.ts";
import { startMemcachePool } from "./memcache_pool.ts";
import { readMetric } from "./metrics.ts";
import { startRedisPool } from "./redis_pool.ts";

const CLIENTS = 12;
const ROUNDS = 40;
/** Commands of the load that the proxy never sends by itself. */
const COMMANDS = [
  ...["get", "set", "mget", "mset", "del", "incr", "hset", "hgetall", "lpush", "eval"],
  ...["multi", "append", "exec", "scan"],
];

async function callsOf(server: RedisServer): Promise<Map<string, number>> {
  const text = String(await server.call("INFO", "commandstats"));
  return new Map(
    [...text.matchAll(/^cmdstat_([\w|]+):calls=(\d+)/gm)].map((match) => [
      match[1]!,
      Number(match[2]),
    ]),
  );
}

async function errorsOf(server: RedisServer): Promise<number> {
  const text = String(await server.call("INFO", "stats"));
  return Number(/^total_error_replies:(\d+)/m.exec(text)![1]);
}

async function bytesOf(server: RedisServer): Promise<{ in: number; out: number }> {
  const text = String(await server.call("INFO", "stats"));
  const read = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(text)![1]);
  return { in: read("total_net_input_bytes"), out: read("total_net_output_bytes") };
}

async function load(client: RespClient, tag: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const keys = Array.from({ length: 6 }, (_, index) => `${tag}:${round % 7}:${index * 7_919}`);
    const replies = await client.pipeline([
      ["SET", keys[0]!, "v".repeat(round * 10)],
      ["GET", keys[0]!],
      ["MSET", ...keys.flatMap((key) => [key, String(round)])],
      ["MGET", ...keys],
      ["INCR", keys[1]!],
      ["HSET", `${tag}:h`, "f", "v"],
      ["HGETALL", `${tag}:h`],
      ["LPUSH", keys[2]!, "x"],
      ["EVAL", "return redis.call('GET', KEYS[1])", 1, keys[3]!],
      ["DEL", ...keys],
    ]);
    // LPUSH to a string is an error, and counts as a call all the same.
    assertEquals(replies.filter((reply) => reply instanceof RespError).length, 1);
    if (round % 10 > 0) continue;
    // What is queued runs within EXEC.
    await client.pipeline([["MULTI"], ["APPEND", keys[4]!, "x"], ["EXEC"], ["SCAN", "0"]]);
  }
}

Deno.test("requests are counted by server and command as the servers count them", async () => {
  await using pool = await startRedisPool({ metrics: true, keys: "thread = 2" });
  const opened: RespClient[] = [];
  try {
    await clientsOfBothWorkers(pool.aster.port, opened);
    while (opened.length < CLIENTS) {
      opened.push(await RespClient.connect({ port: pool.aster.port }));
    }
    const front = (...labels: string[]) =>
      readMetric(pool.aster, "aster_front_command_total", ...labels);
    const kindsOf = async () => ({
      read: await front('kind="read"', 'result="ok"'),
      write: await front('kind="write"', 'result="ok"'),
      failedWrites: await front('kind="write"', 'result="fail"'),
      failed: await front('result="fail"'),
    });
    const kindsBefore = await kindsOf();
    const before = await Promise.all(pool.servers.map(callsOf));
    const errorsBefore = await Promise.all(pool.servers.map(errorsOf));
    const bytesBefore = await Promise.all(pool.servers.map(bytesOf));
    await Promise.all(opened.map((client, index) => load(client, `t${index}`)));
    const after = await Promise.all(pool.servers.map(callsOf));
    const errorsAfter = await Promise.all(pool.servers.map(errorsOf));
    const bytesAfter = await Promise.all(pool.servers.map(bytesOf));
    let total = 0;
    let errorCount = 0;
    for (const [index, server] of pool.servers.entries()) {
      const backend = `backend="${server.address}"`;
      const read = (name: string, ...labels: string[]) =>
        readMetric(pool.aster, name, backend, ...labels);
      let requests = 0;
      for (const command of COMMANDS) {
        const calls = (after[index]!.get(command) ?? 0) - (before[index]!.get(command) ?? 0);
        // The script's own GET is the server's, not a client's.
        const own = command === "get" ? after[index]!.get("eval") ?? 0 : 0;
        const name = "aster_request_duration_seconds_count";
        const counted = await read(name, `command="${command}"`);
        assertEquals(counted, calls - own, `${command} at ${server.address}`);
        requests += counted;
      }
      assertEquals(await read("aster_server_duration_seconds_count"), requests);
      assertEquals(await read("aster_queue_duration_seconds_count"), requests);
      const errors = errorsAfter[index]! - errorsBefore[index]!;
      const results = "aster_backend_request_total";
      assertEquals(await read(results, 'result="resp_error"'), errors, server.address);
      assertEquals(await read(results, 'result="ok"'), requests - errors, server.address);
      assertEquals(await read(results), requests, server.address);
      const connects = await read("aster_backend_connects_total");
      assertEquals(await read("aster_backend_probe_duration_count", 'probe="connect"'), connects);
      assertEquals(
        await read("aster_backend_probe_total", 'probe="connect"', 'result="ok"'),
        connects,
      );
      errorCount += errors;
      const [all, queue, atServer] = await Promise.all([
        read("aster_request_duration_seconds_sum"),
        read("aster_queue_duration_seconds_sum"),
        read("aster_server_duration_seconds_sum"),
      ]);
      assert(Math.abs(all - queue - atServer) < 1e-6 * requests, `${all} ${queue} ${atServer}`);
      // Of the bytes some are the proxy's and the test's own questions, and those of transactions.
      const sent = await read("aster_backend_sent_bytes_total");
      const received = await read("aster_backend_received_bytes_total");
      const taken = bytesAfter[index]!.in - bytesBefore[index]!.in;
      const given = bytesAfter[index]!.out - bytesBefore[index]!.out;
      assert(Math.abs(sent - taken) < 8_000, `${sent} bytes sent, ${taken} taken`);
      assert(Math.abs(received - given) < 20_000, `${received} bytes received, ${given} given`);
      total += requests;
    }
    assert(total > 10 * CLIENTS * ROUNDS, String(total));
    assertEquals(errorCount, CLIENTS * ROUNDS);
    const kinds = await kindsOf();
    const rounds = CLIENTS * ROUNDS;
    const longRounds = rounds / 10;
    // GET, MGET, HGETALL and at times SCAN; SET, MSET, INCR, HSET, EVAL, DEL and at times APPEND; LPUSH fails.
    assertEquals(kinds.read - kindsBefore.read, 3 * rounds + longRounds);
    assertEquals(kinds.write - kindsBefore.write, 6 * rounds + longRounds);
    assertEquals(kinds.failedWrites - kindsBefore.failedWrites, rounds);
    assertEquals(kinds.failed - kindsBefore.failed, rounds);
    assertEquals(await front(), await readMetric(pool.aster, "aster_requests_total"));
    assertEquals(kinds.failed, await readMetric(pool.aster, "aster_error_replies_total"));
    assertEquals(await readMetric(pool.aster, "aster_backend_queued_requests"), 0);
    const clientBytes = await readMetric(pool.aster, "aster_client_received_bytes_total");
    assert(clientBytes > 0);
  } finally {
    for (const client of opened) client[Symbol.dispose]();
  }
});

Deno.test("/status and INFO latencystats say of a slow server what was slow", async () => {
  await using pool = await startRedisPool({ metrics: true, keys: "thread = 2" });
  const opened: RespClient[] = [];
  try {
    const clients = await clientsOfBothWorkers(pool.aster.port, opened);
    const status = async () =>
      await (await fetch(`http://127.0.0.1:${pool.aster.metricsPort}/status`)).json();
    await status();
    const paused = pool.servers[0]!;
    await paused.pause();
    const names = Array.from(
      { length: 60 },
      (_, index) => `${Math.imul(index, 2_654_435_761) >>> 0}`,
    );
    const before = await readMetric(pool.aster, "aster_requests_total");
    const replies = clients.map((client) => client.pipeline(names.map((name) => ["GET", name])));
    const asked = async () => await readMetric(pool.aster, "aster_requests_total") - before;
    await until(async () => await asked() === clients.length * names.length, {
      what: "all have come to the proxy",
    });
    await delay(300);
    paused.resume();
    await Promise.all(replies);
    const { clusters: [cluster], workers, changes, durationBoundsUs } = await status();
    const slow = cluster.backends.find(({ address }: { address: string }) =>
      address === paused.address
    );
    assert(slow.p50Us >= 250_000, JSON.stringify(slow));
    for (const backend of cluster.backends) {
      if (backend !== slow) assert(backend.p50Us < 250_000, JSON.stringify(backend));
    }
    const gets = cluster.commands.filter(({ command }: { command: string }) => command === "get");
    const total = gets.reduce((sum: number, { count }: { count: number }) => sum + count, 0);
    assertEquals(total, 2 * names.length);
    assertEquals(gets[0].buckets.length, durationBoundsUs.length + 1);
    assertEquals(workers.length, 2);
    for (const worker of workers) {
      assert(worker.heapBytes > 0 && worker.loopDelayMs >= 0 && worker.requests > 0);
    }
    assertEquals(changes, []);
    const info = String(await clients[0]!.call("INFO", "latencystats"));
    const [, p50, p99] = /latency_percentiles_usec_get:p50=([\d.]+),p99=([\d.]+)/.exec(info)!;
    assert(Number(p50) < 250_000 && Number(p99) >= 250_000, info);
  } finally {
    for (const client of opened) client[Symbol.dispose]();
  }
});

Deno.test("/status has what changed: a server set by hand, a reload, a setting", async () => {
  await using pool = await startRedisPool({ metrics: true });
  const admin = `http://127.0.0.1:${pool.aster.metricsPort}`;
  const reply = await fetch(`${admin}/server/state?server=r1&state=drain`, { method: "POST" });
  await reply.body?.cancel();
  const text = await Deno.readTextFile(pool.aster.configFile);
  await Deno.writeTextFile(
    pool.aster.configFile,
    text.replace('name = "pool"', 'name = "pool"\nmax_clients = 77'),
  );
  const reloaded = await fetch(`${admin}/reload`, { method: "POST" });
  await reloaded.body?.cancel();
  const { changes } = await (await fetch(`${admin}/status`)).json();
  assertEquals(
    changes.map(({ cluster, text }: { cluster: string; text: string }) => [cluster, text]),
    [["", 'cluster "pool": max_clients'], ["pool", "r1 is set to drain"]],
  );
});

Deno.test("requests of memcache clients are counted as the servers count them, whatever they ask", async () => {
  await using pool = await startMemcachePool({ metrics: true, keys: "thread = 2" });
  const statistics = async (port: number) => {
    using connection = await MemcacheText.connect(port);
    const [text] = await connection.ask(["stats\r\n"], "END\r\n");
    return new Map([...text!.matchAll(/^STAT (\w+) (\d+)/gm)].map((match) =>
      [
        ...[match[1]!, Number(match[2])],
      ] as [string, number]
    ));
  };
  const ports = pool.servers.map(({ port }) => port);
  const before = await Promise.all(ports.map(statistics));
  await Promise.all(Array.from({ length: 8 }, async (_, client) => {
    using connection = await MemcacheText.connect(pool.aster.port);
    for (let round = 0; round < 30; round++) {
      const key = `k${client}:${Math.imul(round, 2_654_435_761) >>> 0}`;
      await connection.ask([`set ${key} 0 0 2\r\nok\r\n`], "STORED\r\n");
      await connection.ask([`get ${key}\r\n`], "END\r\n");
      await connection.ask([`incr n${client} 1\r\n`], "NOT_FOUND\r\n");
      await connection.ask([`delete ${key}\r\n`], "DELETED\r\n");
      await connection.ask([`touch ${key} 9\r\n`], "NOT_FOUND\r\n");
    }
  }));
  const after = await Promise.all(ports.map(statistics));
  const counted = ["set", "get", "incr", "delete", "touch"];
  for (const [index, { address }] of pool.servers.entries()) {
    const grown = (...names: string[]) =>
      names.reduce((sum, name) => sum + after[index]!.get(name)! - before[index]!.get(name)!, 0);
    const theirs = [
      grown("cmd_set"),
      grown("cmd_get"),
      grown("incr_misses", "incr_hits"),
      grown("delete_misses", "delete_hits"),
      grown("cmd_touch"),
    ];
    const ours = await Promise.all(counted.map((command) =>
      readMetric(
        pool.aster,
        "aster_request_duration_seconds_count",
        `backend="${address}"`,
        `command="${command}"`,
      )
    ));
    assertEquals(ours, theirs, address);
  }
});
