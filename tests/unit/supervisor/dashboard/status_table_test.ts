import { statusTables } from "../../../../src/supervisor/dashboard/status_table.ts";
import { assert, assertEquals } from "../../../deps.ts";

const backend = (address: string, isHealthy: boolean) => ({
  ...{ address, isHealthy, requests: 5, failures: 1, inFlight: 2, queuedBytes: 30 },
});

Deno.test("the tables have every server with its state, an order before what workers see", () => {
  const { text } = statusTables({
    version: "1.2.3",
    ready: true,
    startedAt: "2026-01-01T00:00:00.000Z",
    uptimeSeconds: 5,
    problems: [{ text: "<b>: h:1 is down" }],
    workers: [
      { number: 0, isListening: true, hasAnswered: true, restarts: 0 },
      { number: 1, isListening: true, hasAnswered: false, restarts: 2 },
      { number: 2, isListening: false, hasAnswered: false, restarts: 0 },
    ],
    clusters: [{
      name: "<b>",
      type: "redis",
      address: "127.0.0.1:1",
      clientsConnected: 1,
      requests: 2,
      errorReplies: 3,
      servers: [
        { address: "h:1", alias: "<i>one", weight: 1, state: "ready" },
        { address: "h:2", alias: null, weight: 1, state: "drain" },
      ],
      backends: [backend("h:1", false), backend("h:2", true), backend("h:3", true)],
    }],
  });
  const cells = [...text.matchAll(/<td>([^<]*)<\/td>/g)].map((match) => match[1]);
  assertEquals(cells, [
    ...["&lt;i&gt;one", "h:1", "down", "5", "1", "2", "30"],
    ...["h:2", "h:2", "drain", "5", "1", "2", "30"],
    ...["h:3", "h:3", "up", "5", "1", "2", "30"],
    ...["0", "serves", "0", "1", "silent", "2", "2", "not listening", "0"],
  ]);
  assert(text.includes("<h2>&lt;b&gt;</h2>"));
  assert(text.includes("<li>&lt;b&gt;: h:1 is down</li>"));
});
