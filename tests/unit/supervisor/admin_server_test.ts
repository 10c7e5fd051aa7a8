import { fetchAdmin } from "../../../src/cli_admin.ts";
import { TestCa } from "../../support/servers/certificates.ts";
import { tcpEndpoint } from "../../../src/endpoint.ts";
import type { SlowEntry } from "../../../src/observe/slow_log.ts";
import type { InspectedPart } from "../../../src/worker/messages.ts";
import { assert, assertEquals, assertMatch } from "../../deps.ts";
import { Clock } from "../../../src/clock.ts";
import { Log, type LogRecord } from "../../../src/observe/log.ts";
import { AdminAccess } from "../../../src/supervisor/admin_access.ts";
import { AdminPages, AdminServer } from "../../../src/supervisor/admin_server.ts";
import { OperatorOrders } from "../../../src/supervisor/operator_orders.ts";
import type { Collected, WorkerState } from "../../../src/supervisor/supervisor.ts";
import { clusterConfig, config } from "./cluster_configs.ts";
import { backend, snapshot, VITALS } from "./snapshots.ts";

function worker(number: number, state: Partial<WorkerState> = {}): WorkerState {
  return {
    number,
    isListening: true,
    hasAnswered: true,
    restarts: 0,
    clusters: ["main"],
    leads: [],
    vitals: VITALS,
    clientsConnected: 0,
    requests: 0,
    ...state,
  };
}

function pages(
  workers: WorkerState[],
  isReady = true,
  records: LogRecord[] = [],
  parts: InspectedPart[] = [],
): AdminPages {
  const collected: Collected = {
    silentEnded: 0,
    retired: [{ number: 7, clusters: ["main"], vitals: VITALS }],
    workers,
    clusters: [snapshot("main", {
      requests: 8,
      clientsConnected: 1,
      backends: [backend("127.0.0.1:7001", { isHealthy: false })],
    })],
  };
  const source = {
    config: config(clusterConfig("main", 2, 7_000)),
    isReady,
    collect: () => Promise.resolve(collected),
    inspect: () => Promise.resolve({ parts, silentWorkers: 0 }),
    orders: new OperatorOrders(() => [], new Clock(), new Log("info", () => {})),
    serversOf: () => Promise.resolve([]),
    reloader: null,
    heirPid: 0,
  };
  return new AdminPages(source, new Log("info", (record) => records.push(record)));
}

function get(from: AdminPages, path: string, method = "GET"): Promise<Response> {
  return from.handle(new Request(`http://127.0.0.1${path}`, { method }));
}

Deno.test("/health is 200 while every worker listens and answers", async () => {
  const response = await get(pages([worker(0), worker(1)]), "/health");
  assertEquals(response.status, 200);
  assertEquals(await response.json(), { healthy: true, problems: [] });
});

Deno.test("/health is 503 and says which worker is down or silent", async () => {
  const records: LogRecord[] = [];
  const down = worker(0, { isListening: false, hasAnswered: false });
  const silent = worker(1, { hasAnswered: false });
  const response = await get(pages([down, silent], true, records), "/health");
  assertEquals(response.status, 503);
  assertEquals(await response.json(), {
    healthy: false,
    problems: ["worker 0 is not listening", "worker 1 does not answer in time"],
  });
  assertEquals(records, [{ level: "warning", message: "Worker is silent", fields: { worker: 1 } }]);
});

Deno.test("/ready is 503 while starting or stopping", async () => {
  assertEquals((await get(pages([worker(0)], true), "/ready")).status, 200);
  const response = await get(pages([worker(0)], false), "/ready");
  assertEquals(response.status, 503);
  assertEquals(await response.json(), { ready: false });
});

Deno.test("/metrics is Prometheus text and reports silent workers", async () => {
  const response = await get(pages([worker(0), worker(1, { hasAnswered: false })]), "/metrics");
  assertEquals(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const text = await response.text();
  assertMatch(text, /^aster_workers_silent 1$/m);
  assertMatch(text, /^aster_requests_total\{cluster="main"\} 8$/m);
  assertMatch(text, /^aster_version\{version="\d+\.\d+\.\d+"\} 1$/m);
});

Deno.test("/metrics is OpenMetrics for whoever names it, and every sample fits its type", async () => {
  const request = new Request("http://127.0.0.1/metrics", {
    headers: {
      accept: "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.3",
    },
  });
  const response = await pages([worker(0)]).handle(request);
  assertMatch(response.headers.get("content-type")!, /^application\/openmetrics-text; version=1/);
  const text = await response.text();
  assert(text.endsWith("# EOF\n"));
  assertMatch(text, /^# TYPE aster_requests counter\n/m);
  assertMatch(text, /^aster_requests_total\{cluster="main"\} 8$/m);
  // Names of aster 1.x stay as they are.
  assertMatch(text, /^# TYPE aster_front_connection_incr unknown\naster_front_connection_incr\{/m);
});

Deno.test("what a worker takes is told while it serves its last clients, its place taken already", async () => {
  const admin = pages([worker(0)]);
  const text = await (await get(admin, "/metrics")).text();
  for (const number of [0, 7]) {
    assertMatch(text, new RegExp(`^aster_worker_heap_bytes\\{worker="${number}"\\} 1000$`, "m"));
    assertMatch(text, new RegExp(`^aster_worker_external_bytes\\{worker="${number}"\\} 200$`, "m"));
  }
  const { retiredWorkers } = await (await get(admin, "/status")).json();
  assertEquals(retiredWorkers, [
    { number: 7, clusters: ["main"], heapBytes: 1_000, externalBytes: 200 },
  ]);
});

Deno.test("/status shows clusters, workers and the state of backends", async () => {
  const response = await get(pages([worker(0, { leads: ["main"], restarts: 2 })]), "/status");
  assertEquals(response.status, 200);
  const status = await response.json();
  assertEquals(status.workers, [{
    number: 0,
    isListening: true,
    hasAnswered: true,
    restarts: 2,
    clusters: ["main"],
    leads: ["main"],
    clientsConnected: 0,
    requests: 0,
    heapBytes: 1_000,
    externalBytes: 200,
    loopDelayMs: 7,
  }]);
  assertEquals(status.clusters.length, 1);
  const [cluster] = status.clusters;
  assertEquals(cluster.name, "main");
  assertEquals(cluster.address, "127.0.0.1:7000");
  assertEquals(cluster.threads, 2);
  assertEquals(cluster.requests, 8);
  assertEquals(cluster.backends[0].isHealthy, false);
});

Deno.test("/slowlog shows the entries of all workers, latest first, and what is not text by its bytes", async () => {
  const entry = (id: number, word: string | Uint8Array): SlowEntry => ({
    id,
    startedAtMs: 1_700_000_000_000,
    totalUs: 20_000 + id,
    queueUs: 5,
    serverUs: 19_995 + id,
    client: 3,
    address: "10.0.0.9:5000",
    name: "app",
    user: "default",
    backend: "127.0.0.1:7001",
    command: "get",
    words: ["GET", word].map((one) =>
      typeof one === "string" ? new TextEncoder().encode(one) : one
    ),
    failure: "",
  });
  const parts = [
    { cluster: "main", entries: [entry(1, "a"), entry(4, Uint8Array.of(0x61, 0xff))] },
    { cluster: "main", entries: [entry(2, "größe")] },
    { cluster: "gone", entries: [entry(9, "x")] },
  ];
  const answer = await (await get(pages([worker(0)], true, [], parts), "/slowlog")).json();
  assertEquals(answer.silentWorkers, 0);
  const [cluster] = answer.clusters;
  assertEquals([cluster.name, cluster.slowerThanUs, answer.clusters.length], ["main", 10_000, 1]);
  assertEquals(
    cluster.entries.map(({ id, words }: { id: number; words: string[] }) => [id, ...words]),
    [[4, "GET", "a\\xff"], [2, "GET", "größe"], [1, "GET", "a"]],
  );
  assertEquals(cluster.entries[0].time, "2023-11-14T22:13:20.000Z");
});

Deno.test("unknown paths are 404 and methods that write are 405", async () => {
  assertEquals((await get(pages([]), "/nowhere")).status, 404);
  const response = await get(pages([]), "/metrics", "POST");
  assertEquals(response.status, 405);
  assertEquals(response.headers.get("allow"), "GET, HEAD");
});

Deno.test("AdminServer answers on its address and is gone after close()", async () => {
  const log = new Log("info", () => {});
  const address = tcpEndpoint("127.0.0.1", 0);
  const server = new AdminServer(
    address,
    false,
    pages([worker(0)]),
    new AdminAccess(address, null),
    log,
  );
  const response = await fetch(`http://${server.address}/health`);
  assertEquals(response.status, 200);
  await response.body?.cancel();
  await server.close();
  const refused = await fetch(`http://${server.address}/health`).then(() => false, () => true);
  assert(refused);
});

Deno.test("AdminServer speaks TLS where it has a certificate, and sub-commands ask it by its CA", async () => {
  using ca = new TestCa();
  const log = new Log("info", () => {});
  const address = tcpEndpoint("127.0.0.1", 0);
  const access = new AdminAccess(address, null, true);
  const { cert, key } = ca.issue();
  const served = pages([worker(0)]);
  const server = new AdminServer(address, false, served, access, log, false, { cert, key });
  const path = "/health";
  const response = await fetchAdmin(server.address, path, ca.cert, {});
  assertEquals([response.status, (await response.json()).healthy], [200, true]);
  const headers = { origin: `https://${server.address}` };
  assertEquals((await fetchAdmin(server.address, path, ca.cert, { headers })).status, 200);
  using other = new TestCa("Another CA");
  for (const wrong of [other.cert, null]) {
    const refused = await fetchAdmin(server.address, path, wrong, {}).then(() => false, () => true);
    assert(refused, "no answer");
  }
  await server.close();
});

Deno.test("AdminServer refuses what a page may have sent, and what has a body", async () => {
  const address = tcpEndpoint("127.0.0.1", 0);
  const log = new Log("info", () => {});
  const access = new AdminAccess(address, null);
  const server = new AdminServer(address, false, pages([worker(0)]), access, log);
  const ask = async (text: string): Promise<string> => {
    const [hostname, port] = server.address.split(":");
    using connection = await Deno.connect({ hostname: hostname!, port: Number(port) });
    await connection.write(new TextEncoder().encode(text));
    const bytes = new Uint8Array(1024);
    const count = await connection.read(bytes);
    return new TextDecoder().decode(bytes.subarray(0, count ?? 0));
  };
  assertMatch(await ask("GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n"), /^HTTP\/1.1 403 /);
  const origin = "Host: localhost\r\nOrigin: http://evil.example";
  assertMatch(await ask(`POST /pause HTTP/1.1\r\n${origin}\r\n\r\n`), /^HTTP\/1.1 403 /);
  const body = "Host: localhost\r\nContent-Length: 500000000\r\n\r\nabc";
  assertMatch(await ask(`POST /pause HTTP/1.1\r\n${body}`), /^HTTP\/1.1 413 /);
  await server.close();
});
