/**
 * That the checks of invariants find what they look for: proxies whose workers spoil an object on purpose.
 */
import { BROKEN_CODE } from "../support/programs/checked_workers.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { type RedisServer, startRedisServer } from "../support/servers/redis_server.ts";
import { withDeadline } from "../support/tools/poll.ts";
import { assertEquals, assertMatch, assertRejects } from "../deps.ts";

function startSpoiled({ address }: RedisServer, spoiler: string): Promise<Aster> {
  return startAster((port) => `
[[clusters]]
name = "spoiled"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
servers = ["${address}:1"]
`, { program: "tests/proxy/spoiled_program.ts", environment: { ASTER_TEST_SPOILER: spoiler } });
}

/** A proxy that has ended while a client asked it for something again and again. */
async function endedProxy(spoiler: string, ...words: string[]): Promise<Aster> {
  await using redis = await startRedisServer();
  const aster = await startSpoiled(redis, spoiler);
  using client = await RespClient.connect({ port: aster.port });
  // What was given back is taken again by a later request.
  await assertRejects(async () => {
    for (;;) await client.call(...words);
  });
  await withDeadline(aster.process.ended, "the proxy ends");
  return aster;
}

/** What it says at its end. */
async function reportOf(spoiler: string, ...words: string[]): Promise<string> {
  const aster = await endedProxy(spoiler, ...words);
  await using _process = aster.process;
  assertEquals(aster.process.status?.code, BROKEN_CODE);
  return aster.brokenReport()!;
}

Deno.test("a test whose proxy has broken an invariant fails, whatever else it looks at", async () => {
  const aster = await endedProxy("session", "GET", "key");
  const report = aster.brokenReport()!;
  await assertRejects(() => aster[Symbol.asyncDispose](), Error, report);
});

Deno.test("a session whose count of requests is wrong ends the process, which says so and shows it", async () => {
  const report = await reportOf("session", "GET", "key");
  assertMatch(
    report,
    /^A worker has found broken what must hold: Error: Invariant broken: the chain of requests is whole\nof a Session: \{/,
  );
  assertMatch(report, /state: "Open"/);
  assertMatch(report, /size: 2,/);
  assertMatch(report, /requests: \[\s+\{\s+state: "Waiting"/);
});

Deno.test("a connection that counts more as sent than was ends the process", async () => {
  const report = await reportOf("connection", "GET", "key");
  assertMatch(
    report,
    /^A worker has found broken what must hold: Error: Invariant broken: what was handed over stands before the rest\nof a BackendConnection:/,
  );
  assertMatch(report, /link: "(Connecting|Ready)"/);
  assertMatch(report, /exchanges: \[\s+\{\s+state: "Unsent"/);
});

Deno.test("a transaction that holds requests before MULTI ends the process", async () => {
  const report = await reportOf("transaction", "WATCH", "key");
  assertMatch(
    report,
    /^A worker has found broken what must hold: Error: Invariant broken: nothing is queued before MULTI\nof a Transaction:/,
  );
  assertMatch(report, /isOpen: false/);
});

Deno.test("a connection that forgets to write ends the process", async () => {
  const report = await reportOf("writing", "GET", "key");
  assertMatch(report, /Error: Invariant broken: what can be sent is being written\nof a Backend/);
});

Deno.test("a connection without a deadline ends the process", async () => {
  const report = await reportOf("deadline", "GET", "key");
  assertMatch(report, /Error: Invariant broken: there is a deadline for what a backend owes\n/);
});

Deno.test("whoever uses an exchange that was given back ends the process", async () => {
  const report = await reportOf("exchange", "GET", "key");
  assertMatch(
    report,
    /^A worker has found broken what must hold: Error: Invariant broken: what was given back is not used: redirects of a/,
  );
  assertMatch(report, /spoiled_worker\.ts/);
});

Deno.test("whoever gives a request back twice ends the process", async () => {
  const report = await reportOf("request", "GET", "key");
  assertMatch(
    report,
    /^A worker has found broken what must hold: Error: Invariant broken: what was given back is not used: state of a free/,
  );
});

Deno.test("whoever writes into a chunk that was given back ends the process", async () => {
  const report = await reportOf("chunk", "GET", "key");
  assertMatch(
    report,
    /^A worker has found broken what must hold: Error: Invariant broken: what was given back is not written into: byte 7 of \d+, !/,
  );
});
