/**
 * What is wrong is said in words, the worst first, and nothing where all is well.
 *
 * @module
 */
import { Clock } from "../../../src/clock.ts";
import { failures } from "../../../src/failure.ts";
import { Log } from "../../../src/observe/log.ts";
import { OperatorOrders } from "../../../src/supervisor/operator_orders.ts";
import {
  type ClusterView,
  findProblems,
  type ProcessView,
} from "../../../src/supervisor/problems.ts";
import type { RecentServer } from "../../../src/supervisor/recent_counts.ts";
import { shownKeys } from "../../../src/supervisor/shown_keys.ts";
import { assertEquals, assertMatch } from "../../deps.ts";
import { clusterConfig } from "./cluster_configs.ts";
import { backend, snapshot, VITALS } from "./snapshots.ts";

const ONE = "10.0.0.1:6379";
const TWO = "10.0.0.2:6379";
const NOW_MS = 1_000_000;

const process: ProcessView = {
  isReady: true,
  workers: [{
    ...{ number: 0, isListening: true, hasAnswered: true, restarts: 0, leads: [] },
    ...{ clusters: ["main"], clientsConnected: 0, requests: 0, vitals: VITALS },
  }],
  lastReload: { isGood: true, areCertificatesGood: true, problems: [] },
  nowMs: NOW_MS,
};
const config = { ...clusterConfig("main", 1, 7_000), hotkeys: true };
const keys = shownKeys(config, [], [], NOW_MS);

function recentServer(parts: Partial<RecentServer> = {}): RecentServer {
  return { requests: 0, failures: new Map(), wasAsked: false, ...parts };
}

function cluster(parts: Partial<ClusterView> = {}): ClusterView {
  return {
    config,
    counted: snapshot("main", {
      backends: [backend(ONE, { connections: 1 }), backend(TWO, { connections: 1 })],
    }),
    recent: {
      seconds: 10,
      requests: 100,
      failures: new Map(),
      servers: new Map([[ONE, recentServer()], [TWO, recentServer()]]),
    },
    percentiles: new Map([[ONE, { p50Us: 80, p99Us: 900 }], [TWO, { p50Us: 80, p99Us: 900 }]]),
    orders: new OperatorOrders(() => [], new Clock(), new Log("info", () => {})),
    slotsWithoutOwner: 0,
    keys,
    addresses: [],
    ...parts,
  };
}

function texts(view: Partial<ClusterView>, whole: Partial<ProcessView> = {}): string[] {
  return findProblems({ ...process, ...whole }, [cluster(view)]).map(({ text }) => text);
}

function percentiles(p99Us: number): Partial<ClusterView> {
  return {
    percentiles: new Map([[ONE, { p50Us: 2_500, p99Us }], [TWO, { p50Us: 80, p99Us: 900 }]]),
  };
}

Deno.test("where all is well nothing is said", () => {
  assertEquals(texts({}), []);
  assertEquals(texts({ counted: undefined, recent: null, percentiles: new Map() }), []);
});

Deno.test("a slow server is one that takes long, or much longer than the others", () => {
  assertEquals(texts(percentiles(250_000)), [
    `main: ${ONE} is slow: 1 of 100 requests takes it 250 ms, half of them 2.5 ms`,
  ]);
  assertEquals(texts(percentiles(20_000)).length, 1);
  assertEquals(texts(percentiles(8_000)), [], "a few milliseconds are not slow");
  const alike = { p50Us: 2_500, p99Us: 20_000 };
  assertEquals(texts({ percentiles: new Map([[ONE, alike], [TWO, alike]]) }), []);
});

Deno.test("where a worker stood still, servers are slow only that took much longer, or than the others", () => {
  const [worker] = process.workers;
  const workers = [{ ...worker!, vitals: { ...VITALS, longestDelayMs: 190 } }];
  const times = (...p99Us: number[]): Partial<ClusterView> => ({
    percentiles: new Map(
      p99Us.map((own, index) => [[ONE, TWO][index]!, { p50Us: 80, p99Us: own }]),
    ),
  });
  assertEquals(texts(times(200_000, 180_000), { workers }), []);
  assertEquals(texts(times(200_000, 90_000), { workers }).length, 1);
  assertEquals(texts(times(400_000), { workers }).length, 1);
  assertEquals(texts(times(200_000), { workers }), []);
});

Deno.test("a server that has not answered for a while is said to", () => {
  const counted = snapshot("main", { backends: [backend(ONE, { inFlight: 3 })] });
  const { recent } = cluster();
  const servers = new Map([[ONE, recentServer({ wasAsked: true })]]);
  const view = { counted, percentiles: new Map(), recent: { ...recent!, servers } };
  assertEquals(texts(view), [`main: ${ONE} does not answer: 3 requests wait`]);
  const justNow = { ...recent!, servers: new Map([[ONE, recentServer()]]) };
  assertEquals(texts({ ...view, recent: justNow }), []);
});

Deno.test("a server that is down, fails requests or takes them slowly is named with why", () => {
  const counted = snapshot("main", {
    backends: [backend(ONE, { isHealthy: false, queuedBytes: 3 * 2 ** 20 })],
  });
  const { id } = failures.backendTimeout;
  const recent = {
    ...cluster().recent!,
    failures: new Map([
      ...[[id, 20], [failures.rateLimited.id, 50], [failures.clientReset.id, 5]] as const,
      [failures.clientOutputLimit.id, 1] as const,
    ]),
    servers: new Map([[ONE, recentServer({ failures: new Map([[id, 20]]) })]]),
  };
  const found = findProblems(process, [cluster({ counted, recent })]);
  assertEquals(found.map(({ level, server, text }) => [level, server, text]), [
    ["bad", ONE, `main: ${ONE} is down`],
    ["bad", ONE, `main: ${ONE} fails requests: backend_timeout, 2.0 a second`],
    // What single clients cause now and then is not told.
    ["warn", "", "main: rate_limited, 5.0 failures a second"],
    ["warn", ONE, `main: ${ONE} takes requests slowly: 3.0 MiB wait for it`],
    [
      ...["warn", ""],
      "main: a client was closed, not taking replies (client_output_limit)",
    ],
  ]);
});

Deno.test("one server with most of the load is where a hot key may be", () => {
  const recent = (requests: number) => ({
    ...cluster().recent!,
    requests: 100_000,
    servers: new Map([
      [ONE, recentServer({ requests })],
      [TWO, recentServer({ requests: 100_000 - requests })],
    ]),
  });
  assertEquals(texts({ recent: recent(90_000) }), [
    `main: ${ONE} has 90 % of the requests of 2 servers`,
  ]);
  assertEquals(texts({ recent: recent(60_000) }), []);
  const off = { ...keys, hotkeysEnabled: false };
  assertMatch(texts({ recent: recent(90_000), keys: off })[0]!, /HOTKEY ENABLE counts which keys/);
});

Deno.test("hot and big keys are named with their server", () => {
  const recent = { ...cluster().recent!, requests: 50_000 };
  const time = (ageMs: number) => new Date(NOW_MS - ageMs).toISOString();
  const big = {
    ...{ key: "blob", keyCount: 1, part: "reply", bytes: 5 * 2 ** 20, count: 3 } as const,
    ...{ command: "get", backend: TWO },
  };
  const view = {
    recent,
    keys: {
      ...keys,
      total: 1_000,
      hotKeys: [
        { key: "user:1", hits: 400, error: 10, backend: ONE },
        { key: "user:2", hits: 210, error: 50, backend: ONE },
      ],
      bigKeys: [{ ...big, time: time(5_000) }, { ...big, key: "old", time: time(100_000) }],
    },
  };
  assertEquals(texts(view), [
    `main: the key blob is big: a reply of 5.0 MiB (get, ${TWO})`,
    `main: the key user:1 is 40 % of all that are asked for, at ${ONE}`,
  ]);
  const quiet = { ...view, recent: { ...recent, requests: 10 } };
  assertEquals(texts(quiet).length, 1, "one client's only key is not hot");
});

Deno.test("clients that do not read are named by address, where that is known", () => {
  const counted = snapshot("main", { clientOutputBytes: 6 * 2 ** 20 });
  assertEquals(texts({ counted }), ["main: clients do not take their replies: 6.0 MiB wait"]);
  const addresses = [
    { address: "10.0.0.9", clients: 1, outputBytes: 5 * 2 ** 20 },
    { address: "10.0.0.8", clients: 1, outputBytes: 2 ** 20 },
  ];
  assertEquals(texts({ counted, addresses }), [
    "main: clients of 10.0.0.9 do not take their replies: 5.0 MiB wait",
  ]);
});

Deno.test("workers that stand still, are silent or do not listen are named", () => {
  const [worker] = process.workers;
  const workers = [
    { ...worker!, vitals: { ...VITALS, longestDelayMs: 311.4 } },
    { ...worker!, number: 1, hasAnswered: false },
    { ...worker!, number: 2, isListening: false },
  ];
  const lastReload = { isGood: false, areCertificatesGood: false, problems: ["no such key"] };
  assertEquals(texts({ slotsWithoutOwner: 3 }, { workers, isReady: false, lastReload }), [
    "The proxy is starting or ending",
    "Worker 0 was busy for 311 ms: its clients waited",
    "Worker 1 does not answer",
    "Worker 2 is not listening",
    "main: 3 slots have no owner",
    "The last reload failed: no such key",
    "Files of certificates changed, and cannot be used: the former are in use",
  ]);
});
