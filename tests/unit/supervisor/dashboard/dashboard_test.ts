import { Dashboard, forPage } from "../../../../src/supervisor/dashboard/dashboard.ts";
import { assert, assertEquals, assertMatch } from "../../../deps.ts";

const source = {
  status: () =>
    Promise.resolve({
      ...{
        version: "1",
        ready: true,
        problems: [],
        startedAt: "now",
        uptimeSeconds: 1,
        workers: [],
      },
      clusters: [{
        ...{ name: "secret name", type: "redis", address: "h:1", clientsConnected: 0 },
        ...{ requests: 0, errorReplies: 0, servers: [], backends: [] },
      }],
    }),
  counts: () => Promise.resolve([]),
};

Deno.test("the page shows what is there to who may read, and nothing of the proxy to others", async () => {
  const dashboard = new Dashboard(source);
  const shown = (await dashboard.answer("/", true))!;
  assertEquals(shown.status, 200);
  assertMatch(
    shown.headers.get("content-security-policy")!,
    /default-src 'none'; script-src 'self'/,
  );
  const page = await shown.text();
  assert(page.startsWith("<!doctype html>"));
  assert(page.includes("secret name"));
  assert(!/<script(?! (src|type))/.test(page), "a script within the page");
  const locked = await (await dashboard.answer("/", false))!.text();
  assert(!locked.includes("secret name"));
});

Deno.test("what the page loads is there, and nothing else", async () => {
  const dashboard = new Dashboard(source);
  const page = await (await dashboard.answer("/", false))!.text();
  const loaded = [...page.matchAll(/(?:src|href)="(\/[^"]*)"/g)].map((match) => match[1]!);
  assertEquals(loaded.length, 5);
  for (const path of [...loaded, "/dashboard/preact.js"]) {
    const asset = (await dashboard.answer(path, false))!;
    assertMatch(asset.headers.get("content-type")!, path.endsWith(".css") ? /css/ : /javascript/);
    assert((await asset.text()).length > 50, path);
  }
  for (const path of ["/dashboard/", "/dashboard/none.js", "/dashboard/toString", "/x"]) {
    assertEquals(await dashboard.answer(path, true), null);
  }
});

Deno.test("events begin with the history and the status, and end with the dashboard", async () => {
  const dashboard = new Dashboard(source);
  dashboard.start();
  const events = (await dashboard.answer("/events", true))!;
  assertEquals(events.headers.get("content-type"), "text/event-stream");
  dashboard.stop();
  const text = await events.text();
  assertMatch(
    text,
    /^event: history\ndata: \{"stepMs":5000,.*\n\nevent: status\ndata: \{"version":"1"/,
  );
});

Deno.test("the page is sent the commands that took most of the time, without their histograms", () => {
  const commands = Array.from(
    { length: 50 },
    (_, index) => ({ command: "get", isBlocking: index === 49, sumUs: index, buckets: [1] }),
  );
  const { clusters } = forPage({ clusters: [{ name: "a", commands }] }) as {
    clusters: { commands: { sumUs: number; buckets?: unknown }[] }[];
  };
  assertEquals(clusters[0]!.commands.length, 20);
  assertEquals(
    clusters[0]!.commands[0],
    { command: "get", isBlocking: false, sumUs: 48 } as unknown,
  );
});
