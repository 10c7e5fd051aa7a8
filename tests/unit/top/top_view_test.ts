import { DURATION_BUCKETS } from "../../../src/observe/durations.ts";
import { type Answers, computeView, type StatusAnswer } from "../../../src/top/top_view.ts";
import { assertEquals } from "../../deps.ts";

interface Counts {
  atMs: number;
  requests: number;
  failures?: number;
  isHealthy?: boolean;
  state?: string;
}

/** Answers of a proxy with one server, which has answered GET in up to 100 µs. */
export function answers(counts: Counts): Answers {
  const { atMs, requests, failures = 0, isHealthy = true } = counts;
  const buckets = new Array<number>(DURATION_BUCKETS).fill(0);
  buckets[0] = requests;
  const status: StatusAnswer = {
    ...{
      version: "1.2.3",
      ready: true,
      uptimeSeconds: 3_700,
      memoryBytes: 2 ** 27,
      cpuPercent: 12,
    },
    workers: [{
      ...{ number: 0, isListening: true, hasAnswered: true, restarts: 0, requests },
      ...{ clientsConnected: 2, heapBytes: 5_000_000, loopDelayMs: 1 },
    }],
    clusters: [{
      ...{ name: "main", type: "redis", requests, errorReplies: failures, clientsConnected: 2 },
      pauses: [],
      servers: [{ address: "10.0.0.1:6379", alias: "r0", state: counts.state ?? "ready" }],
      backends: [{
        ...{ address: "10.0.0.1:6379", isHealthy, requests, failures, inFlight: 1, unsent: 0 },
        queuedBytes: 0,
        failuresByReason: { backend_timeout: failures, connect_refused: 1 },
        p50Us: 60,
        p99Us: 900,
      }],
      commands: [{
        ...{ command: "get", isBlocking: false, backend: "10.0.0.1:6379", count: requests },
        buckets,
      }],
    }],
    changes: [{ time: "2026-01-01T00:00:00.000Z", cluster: "main", text: "r0 is back" }],
  };
  const entry = {
    ...{ time: "2026-01-01T00:00:01.500Z", totalUs: 20_000, queueUs: 0, serverUs: 20_000 },
    ...{ backend: "10.0.0.1:6379", clientAddress: "10.0.0.9:5", user: "", failure: "" },
    words: ["GET", "slow\u001b[2Jkey"],
  };
  return {
    atMs,
    status,
    slow: { clusters: [{ name: "main", entries: [entry] }] },
    keys: {
      clusters: [{
        name: "main",
        hotKeys: [{ key: "hot", hits: 640, error: 32, backend: "10.0.0.1:6379" }],
        bigKeys: [{ key: "big", part: "reply", bytes: 3_000_000, count: 2 }],
      }],
    },
    clients: {
      clusters: [{
        name: "main",
        addresses: [{ address: "10.0.0.9", clients: 2, outputBytes: 0 }],
      }],
    },
  };
}

Deno.test("rates are those between two answers", () => {
  const view = computeView(
    answers({ atMs: 0, requests: 100 }),
    answers({ atMs: 2_000, requests: 400 }),
  );
  assertEquals([view.seconds, view.requestsPerSecond, view.errorsPerSecond], [2, 150, 0]);
  const [backend] = view.backends;
  assertEquals([backend!.requestsPerSecond, backend!.p99Us, backend!.state, backend!.name], [
    ...[150, 900, "up", "r0"],
  ]);
  const [command] = view.commands;
  assertEquals([command!.requestsPerSecond, command!.p50Us, command!.requests], [150, 50, 400]);
  assertEquals(view.workers[0]!.requestsPerSecond, 150);
  assertEquals(view.problems, []);
});

Deno.test("of one answer alone no rate is known", () => {
  const view = computeView(null, answers({ atMs: 0, requests: 100 }));
  assertEquals([view.requestsPerSecond, view.backends[0]!.requestsPerSecond], [null, null]);
  assertEquals([view.commands[0]!.requestsPerSecond, view.commands[0]!.p50Us], [null, null]);
  assertEquals([view.clients, view.seconds], [2, 0]);
});

Deno.test("what is wrong is what the proxy says, and a server's failures are those since the answer before", () => {
  const former = answers({ atMs: 0, requests: 100 });
  const now = answers({ atMs: 1_000, requests: 100, failures: 7, isHealthy: false });
  const view = computeView(former, {
    ...now,
    status: { ...now.status, problems: [{ text: "main: r0 is down" }, { text: "Worker 0 …" }] },
  });
  assertEquals(view.problems, ["main: r0 is down", "Worker 0 …"]);
  assertEquals([view.backends[0]!.failure, view.backends[0]!.state], ["backend_timeout", "down"]);
});

Deno.test("a server that an operator has taken out is called so", () => {
  const view = computeView(null, answers({ atMs: 0, requests: 1, state: "drain" }));
  assertEquals(view.backends[0]!.state, "drain");
});

Deno.test("hot and big keys are one list", () => {
  const { keys } = computeView(null, answers({ atMs: 0, requests: 1 }));
  assertEquals(keys.map(({ kind, key, hits, bytes }) => [kind, key, hits, bytes]), [
    ["hot", "hot", 640, 0],
    ["big reply", "big", 2, 3_000_000],
  ]);
});
