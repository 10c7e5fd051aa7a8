/**
 * Each fault that an operator is called for is what the dashboard, `aster top` and `/status` say first: nothing has to
 * be searched. And from an alert it is three clicks at most to the key at fault.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { browserProgram } from "../support/servers/browser.ts";
import { findFreePort } from "../support/tools/free_port.ts";
import { until } from "../support/tools/poll.ts";
import { type RedisServer, startRedisServer } from "../support/servers/redis_server.ts";
import { encodeCommand, RespClient } from "../support/clients/resp_client.ts";
import { makeServerDirectory, ServerProcess } from "../support/servers/server_process.ts";
import { FaultScene, Load, pictureFolder } from "./fault_scene.ts";

const ignore = browserProgram() === null;

let servers: RedisServer[];
let aster: Aster;

Deno.test.beforeEach(async () => {
  if (ignore) return;
  servers = await Promise.all([startRedisServer(), startRedisServer(), startRedisServer()]);
  const lines = servers.map(({ address }, index) => `"${address}:1 cache${index + 1}"`);
  aster = await startAster((port) =>
    `[[clusters]]
name = "shop"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
thread = 2
hotkeys = true
ping_fail_limit = 3
ping_succ_interval = 500
ping_interval = 500
read_timeout = 5000
write_timeout = 120000
servers = [${lines.join(", ")}]
`, { metrics: true });
});

Deno.test.afterEach(async () => {
  if (ignore) return;
  await aster[Symbol.asyncDispose]();
  for (const server of servers) await server[Symbol.asyncDispose]();
});

/** What shops ask: many keys, each seldom. */
function usual(): string[][] {
  return Array.from({ length: 40 }, () => {
    const key = `item:${Math.floor(Math.random() * 5_000)}`;
    return Math.random() < 0.2 ? ["SET", key, "v".repeat(100)] : ["GET", key];
  });
}

/** The server that has a key. */
async function serverOf(key: string): Promise<number> {
  using client = await RespClient.connect({ port: aster.port });
  await client.call("SET", key, "v");
  for (const [index, server] of servers.entries()) {
    if (await server.call("EXISTS", key) === 1) return index;
  }
  throw new Error(`No server has ${key}`);
}

Deno.test({
  name: "nothing is wrong: with no load, and under load",
  ignore,
  fn: async () => {
    await using scene = await FaultScene.open(aster.metricsPort);
    await scene.browser.page.waitForSelector(".backends tbody tr", { timeout: 10_000 });
    await scene.saysNothing();
    await scene.picture("empty");
    await using _load = new Load(aster.port, 4, usual);
    await until(async () => (await scene.status()).clusters[0].requests > 20_000, {
      what: "there is load",
    });
    await scene.saysNothing();
    if (pictureFolder !== null) await new Promise((resolve) => setTimeout(resolve, 60_000));
    await scene.picture("healthy");
  },
});

Deno.test({
  name: "a slow server, and from its alert to the key at fault",
  ignore,
  fn: async () => {
    const at = await serverOf("cart:4711");
    const { address } = servers[at]!;
    await using _load = new Load(aster.port, 3, usual);
    // One key of very many members, which somebody asks for as a whole.
    await using _culprit = new Load(aster.port, 1, () => [
      [
        "EVAL",
        "local t = redis.call('TIME'); local ends = t[1] * 1000 + t[2] / 1000 + 150; " +
        "repeat t = redis.call('TIME') until t[1] * 1000 + t[2] / 1000 > ends; return 1",
        "1",
        "cart:4711",
      ],
    ]);
    await using scene = await FaultScene.open(aster.metricsPort);
    await scene.saysFirst("slow_server", `shop: cache${at + 1} is slow`);

    // The alert's link, as Prometheus fills it in: one click.
    const rules = await Deno.readTextFile("docs/alerts.yml");
    const rule = rules.slice(rules.indexOf("alert: AsterSlowBackend"));
    const link = /link: "([^"]+)"/.exec(rule)![1]!
      .replace("{{ $labels.instance }}", `127.0.0.1:${aster.metricsPort}`)
      .replace("{{ $labels.cluster }}", "shop")
      .replace("{{ $labels.backend }}", address);
    const { page, faults } = scene.browser;
    await page.goto(link);
    // The first row: what kept the server busy, not one of the many that waited behind it.
    const named = `document.querySelector("#server tbody td")?.textContent === "EVAL … cart:4711"`;
    await page.waitForFunction(named, { timeout: 15_000 });
    await scene.picture("slow_server_view");

    // Without an alert: the problem's own link leads to the same.
    await page.goto(`http://127.0.0.1:${aster.metricsPort}/`);
    const problem = await page.waitForSelector(`.verdict a ::-p-text(cache${at + 1} is slow)`, {
      timeout: 15_000,
    });
    await problem!.click();
    await page.waitForFunction(named, { timeout: 15_000 });
    // And the name of the server in its table.
    await page.goto(`http://127.0.0.1:${aster.metricsPort}/`);
    const name = await page.waitForSelector(`.backends tbody tr:nth-child(${at + 1}) a`, {
      timeout: 15_000,
    });
    await name!.focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction(named, { timeout: 15_000 });
    assertEquals(faults, []);
  },
});

Deno.test({
  name: "a hot key",
  ignore,
  fn: async () => {
    const at = await serverOf("banner:front");
    await using _load = new Load(aster.port, 3, usual);
    await using _hot = new Load(
      aster.port,
      2,
      () => Array.from({ length: 100 }, () => ["GET", "banner:front"]),
    );
    await using scene = await FaultScene.open(aster.metricsPort);
    await scene.saysFirst("hot_key", "shop: the key banner:front is");
    const { problems } = await scene.status();
    const { text } = problems.find(({ kind }: { kind: string }) => kind === "hot_key");
    assertMatch(text, new RegExp(`, at cache${at + 1}$`));
  },
});

Deno.test({
  name: "a big key",
  ignore,
  fn: async () => {
    await using _load = new Load(aster.port, 3, usual);
    using client = await RespClient.connect({ port: aster.port });
    await client.call("SET", "export:all", "x".repeat(3 * 1_048_576));
    for (let count = 0; count < 5; count++) await client.call("GET", "export:all");
    await using scene = await FaultScene.open(aster.metricsPort);
    await scene.saysFirst("big_key", "shop: the key export:all is big: a re");
  },
});

Deno.test({
  name: "a server that was ejected",
  ignore,
  fn: async () => {
    await using _load = new Load(aster.port, 3, usual);
    await using scene = await FaultScene.open(aster.metricsPort);
    await servers[1]!.kill();
    await scene.saysFirst("ejected_server", "shop: cache2 is down");
    assertMatch(await scene.metrics(), /^aster_ejections_total\{cluster="shop"\} [1-9]/m);
  },
});

Deno.test({
  name: "a client that does not read",
  ignore,
  fn: async () => {
    await using _load = new Load(aster.port, 3, usual);
    using client = await RespClient.connect({ port: aster.port });
    await client.call("SET", "report", "v".repeat(1_000_000));
    using other = await Deno.connect({ port: aster.port, hostname: "127.0.0.1" });
    for (let read = 0; read < 24; read++) await other.write(encodeCommand(["GET", "report"]));
    await using scene = await FaultScene.open(aster.metricsPort);
    await scene.saysFirst(
      "client_not_reading",
      "shop: clients of 127.0.0.1 do not take their replies",
    );
  },
});

Deno.test({
  name: "a worker that blocks for 300 ms: the one of two, on a proxy that runs",
  ignore,
  fn: async () => {
    const [port, adminPort] = [findFreePort(), findFreePort()];
    await using _server = await startRedisServer({ port: port + 1 });
    await using _program = await ServerProcess.start({
      name: "program",
      command: Deno.execPath(),
      arguments: [
        ...["run", "-A", "tests/proxy/crashing_program.ts", String(port), String(adminPort)],
        ...["../browser/blocking_worker.ts", "2"],
      ],
      workingDirectory: ".",
      isServing: (process) => Promise.resolve(/program is ready/.test(process.output())),
    }, await makeServerDirectory());
    await using _load = new Load(port, 6, usual);
    await using scene = await FaultScene.open(adminPort);
    await scene.saysFirst("blocked_worker", "Worker 0 was busy for ");
    await until(async () => {
      const { workers } = await scene.status();
      return workers[0].loopDelayMs >= 250 && workers[1].loopDelayMs < 200;
    }, { what: "/status says which worker it was" });
    const metrics = await scene.metrics();
    const above = (bound: string) =>
      Number(
        new RegExp(
          `^aster_worker_loop_delay_seconds_bucket\\{le="${bound}",worker="0"\\} (\\d+)`,
          "m",
        ).exec(metrics)![1],
      );
    assert(above("\\+Inf") > above("0.25"), "the histogram has a delay of more than 250 ms");
    await scene.browser.page.goto(`http://127.0.0.1:${adminPort}/#workers`);
    const shown = await scene.browser.page.waitForSelector("#workers td.bad", { timeout: 15_000 });
    assertMatch(await shown!.evaluate((cell) => cell.textContent!), /^\d{3} ms$/);
  },
});
