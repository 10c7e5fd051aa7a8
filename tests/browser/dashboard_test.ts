/**
 * The dashboard in a real browser: that it shows what `/status` says, that orders given in it arrive, and that names
 * which look like scripts stay names.
 *
 * @module
 */
import { assert, assertEquals } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { type BrowserPage, browserProgram, openBrowser } from "../support/servers/browser.ts";
import { until } from "../support/tools/poll.ts";
import { type RedisServer, startRedisServer } from "../support/servers/redis_server.ts";
import { RespClient } from "../support/clients/resp_client.ts";

// The page is made for browsers: without one nothing of it can be tested.
const ignore = browserProgram() === null;

const SCRIPT_NAME = "<img/src=x/onerror=alert(1)>";

let servers: RedisServer[];
let aster: Aster;

Deno.test.beforeAll(async () => {
  if (ignore) return;
  servers = [await startRedisServer(), await startRedisServer()];
  aster = await startAster((port) =>
    `[[clusters]]
name = "cache"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
thread = 2
slowlog_log_slower_than = 0
servers = ["${servers[0]!.address}:1 one", "${servers[1]!.address}:1 ${SCRIPT_NAME}"]
`, { metrics: true });
});

Deno.test.afterAll(async () => {
  if (ignore) return;
  await aster[Symbol.asyncDispose]();
  for (const server of servers) await server[Symbol.asyncDispose]();
});

function url(path = "/"): string {
  return `http://127.0.0.1:${aster.metricsPort}${path}`;
}

/** Waits until the page says this above all. */
async function waitForVerdict({ page }: Pick<BrowserPage, "page">, text: string): Promise<void> {
  const said = `document.querySelector(".verdict")?.textContent.includes(${JSON.stringify(text)})`;
  await page.waitForFunction(said, { timeout: 15_000 });
}

// deno-lint-ignore no-explicit-any
async function status(): Promise<any> {
  return await (await fetch(url("/status"))).json();
}

Deno.test({
  name:
    "the page shows the servers, their states and the requests that /status has, without a fault",
  ignore,
  fn: async () => {
    using client = await RespClient.connect({ port: aster.port });
    const keys = Array.from({ length: 200 }, (_, index) => `key:${index}`);
    await client.pipeline(keys.map((key) => ["SET", key, "1"]));
    await client.call("SET", "<script>document.title='taken'</script>", "1");

    await using browser = await openBrowser();
    const { page, faults } = browser;
    await page.goto(url());
    await page.waitForSelector("#cluster-cache .backends tbody tr", { timeout: 10_000 });
    const { clusters: [cluster] } = await status();
    const shown = await page.$$eval(
      "#cluster-cache .backends tbody tr",
      (rows) =>
        rows.map((row) =>
          [...row.querySelectorAll("td")].slice(0, 3).map((cell) => cell.textContent)
        ),
    );
    assertEquals(shown, [
      ["one", servers[0]!.address, "up"],
      [SCRIPT_NAME, servers[1]!.address, "up"],
    ]);
    const text = await page.$eval("#cluster-cache", (section) => section.textContent!);
    assert(text.includes(`${cluster.requests} requests in all`), text);
    const slow = await page.waitForSelector("#slow td.words", { timeout: 15_000 });
    assert(slow !== null);
    await page.waitForSelector("#addresses tbody tr", { timeout: 15_000 });
    const addresses = await page.$$eval(
      "#addresses tbody td",
      (cells) => cells.map((cell) => cell.textContent),
    );
    assertEquals(addresses, ["cache", "127.0.0.1", "1", "0 B"]);
    assertEquals(await page.title(), "aster");
    assertEquals(await page.$$eval("main img, main script", (found) => found.length), 0);
    assertEquals(faults, []);
  },
});

Deno.test({
  name:
    "a pause ordered in the page is one, shown at once as what is not as usual, and ended in the page",
  ignore,
  fn: async () => {
    await using browser = await openBrowser();
    const { page, faults } = browser;
    await page.goto(url());
    const press = async (label: string) => {
      const button = await page.waitForSelector(
        `#cluster-cache .backends tbody tr button ::-p-text(${label})`,
        {
          timeout: 10_000,
        },
      );
      // By keyboard, as who has no mouse would.
      await button!.focus();
      await page.keyboard.press("Enter");
    };
    const pauses = async () => (await status()).clusters[0].pauses;
    await press("pause");
    await until(async () => (await pauses()).length === 1, { what: "the pause is on" });
    assertEquals((await pauses())[0].server, "one");
    await waitForVerdict(browser, "cache: one is paused");
    await press("resume");
    await until(async () => (await pauses()).length === 0, { what: "the pause is over" });
    await waitForVerdict(browser, "Nothing is wrong");
    assertEquals(faults, []);
  },
});

Deno.test({
  name: "on a phone, in the dark, nothing is cut off, and what is wrong stands on the first screen",
  ignore,
  fn: async () => {
    await using browser = await openBrowser();
    const { page, faults } = browser;
    await page.setViewport({ width: 390, height: 844, isMobile: true, hasTouch: true });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
    await page.goto(url());
    await page.waitForSelector("#cluster-cache .backends tbody tr", { timeout: 15_000 });
    // As text: what a page knows is no name here.
    const seen = await page.evaluate(`(() => ({
      isWider: document.scrollingElement.scrollWidth > innerWidth,
      verdictEnd: document.querySelector(".verdict").getBoundingClientRect().bottom,
      brightness: getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)
        .reduce((sum, one) => sum + one),
    }))()`) as { isWider: boolean; verdictEnd: number; brightness: number };
    assertEquals(seen.isWider, false, "the page is as wide as the screen");
    assert(seen.verdictEnd < 844, String(seen.verdictEnd));
    assert(seen.brightness < 200, String(seen.brightness));
    assertEquals(faults, []);
  },
});

Deno.test({
  name: "without JavaScript the page is plain tables of the same",
  ignore,
  fn: async () => {
    await using browser = await openBrowser();
    const { page, faults } = browser;
    await page.setJavaScriptEnabled(false);
    await page.goto(url());
    const { clusters: [cluster] } = await status();
    const source = await (await fetch(url())).text();
    assert(source.includes("&lt;img/src=x/onerror=alert(1)&gt;"));
    assert(!source.includes(SCRIPT_NAME));
    for (const { address, requests } of cluster.backends) {
      assert(source.includes(`<td>${address}</td>`), address);
      assert(source.includes(`<td>${requests}</td>`), `${requests}`);
    }
    assertEquals(faults, []);
  },
});

Deno.test({
  name: "a server that goes away is what the page says first",
  ignore,
  fn: async () => {
    await using browser = await openBrowser();
    const { page } = browser;
    await page.goto(url());
    await page.waitForSelector(".verdict", { timeout: 10_000 });
    await servers.pop()![Symbol.asyncDispose]();
    using client = await RespClient.connect({ port: aster.port });
    const keys = Array.from({ length: 50 }, (_, index) => `key:${index}`);
    await client.pipeline(keys.map((key) => ["GET", key])).catch(() => {});
    await waitForVerdict(browser, `${SCRIPT_NAME} is down`);
  },
});
