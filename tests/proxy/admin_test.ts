/**
 * The admin server of a running proxy: its token, which is shown nowhere, and the sub-commands that ask it.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { startAster } from "../support/servers/aster.ts";
import { startFakeBackend } from "../support/fakes/fake_backend.ts";
import { until } from "../support/tools/poll.ts";
import { RespClient } from "../support/clients/resp_client.ts";

const TOKEN = "open-sesame-4711";
const PROGRAM = new URL("../../mod.ts", import.meta.url).pathname;

function configOf(runtime: string): (port: number) => string {
  return (port) =>
    `[runtime]
${runtime}
log_level = "trace"

[[clusters]]
name = "main"
listen_addr = "127.0.0.1:${port}"
cache_type = "memcache"
servers = ["127.0.0.1:1"]
`;
}

async function run(...args: string[]): Promise<[code: number, out: string, err: string]> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "-A", PROGRAM, ...args],
    env: { ASTER_TEST_TOKEN: TOKEN, NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return [code, decoder.decode(stdout), decoder.decode(stderr)];
}

Deno.test("with a token from the environment the sub-commands need it, and nothing shows it", async () => {
  await using aster = await startAster(configOf('admin_token = "env:ASTER_TEST_TOKEN"'), {
    metrics: true,
    environment: { ASTER_TEST_TOKEN: TOKEN },
  });
  const admin = `127.0.0.1:${aster.metricsPort}`;
  const [refused, , why] = await run("pause", "--admin", admin);
  assertEquals(refused, 1);
  assertMatch(why, /admin_token is wanted/);
  const token = ["--admin", admin, "--token", "env:ASTER_TEST_TOKEN"];
  const [paused, answer] = await run("pause", "main", "--max", "60s", ...token);
  assertEquals([paused, JSON.parse(answer).in_flight], [0, 0]);
  const [shown, status] = await run("status", ...token);
  assertEquals([shown, JSON.parse(status).clusters[0].pauses[0].mode], [0, "all"]);
  assertEquals((await run("resume", ...token))[0], 0);
  const authorization = { authorization: `Bearer ${TOKEN}` };
  const metrics = await fetch(`http://${admin}/metrics`, { headers: authorization });
  for (const text of [status, await metrics.text(), aster.logs()]) {
    assert(text.length > 0 && !text.includes(TOKEN));
  }
  for (const path of ["/metrics", "/status"]) {
    const response = await fetch(`http://${admin}${path}`);
    assertEquals([response.status, (await response.text()).includes(TOKEN)], [401, false]);
  }
  for (const path of ["/health", "/ready"]) {
    const response = await fetch(`http://${admin}${path}`);
    await response.body?.cancel();
    assertEquals(response.status, 200);
  }
});

Deno.test("a token that cannot be read stops the start, and says where it was looked for", async () => {
  const file = await Deno.makeTempFile({ suffix: ".toml" });
  try {
    await Deno.writeTextFile(file, configOf('metrics = "off"\nadmin_token = "file:/no/such"')(9));
    const [code, , why] = await run(file);
    assertEquals(code, 1);
    assertMatch(why, /Cannot read admin_token: the file \/no\/such does not exist/);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("clients that send half a request to the admin port, or take nothing, harm nobody", async () => {
  await using backend = await startFakeBackend();
  await using aster = await startAster((port) =>
    `[[clusters]]
name = "main"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
servers = ["127.0.0.1:${backend.port}"]
`, { metrics: true });
  using client = await RespClient.connect({ port: aster.port });
  const descriptors = () => [...Deno.readDirSync(`/proc/${aster.pid}/fd`)].length;
  const before = descriptors();
  const encoder = new TextEncoder();
  const slow: Deno.TcpConn[] = [];
  const texts = ["", "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ", "POST /pause HTTP/1.1\r\n"];
  // Those that ask for much, again and again, and take nothing.
  const greedy = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(50);
  for (let count = 0; count < 300; count++) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: aster.metricsPort });
    slow.push(connection);
    const text = [...texts, greedy][count % 4]!;
    if (text !== "") await connection.write(encoder.encode(text)).catch(() => 0);
  }
  const beganMs = performance.now();
  for (let count = 0; count < 20; count++) {
    for (const path of ["/ready", "/health", "/metrics"]) {
      const response = await fetch(`http://127.0.0.1:${aster.metricsPort}${path}`);
      await response.body?.cancel();
      // While all that may be answered are being answered, one more is told so.
      assert([200, 503].includes(response.status), String(response.status));
    }
    assertEquals(await client.call("PING"), "PONG");
  }
  assert(performance.now() - beganMs < 20_000);
  assert(descriptors() - before <= 80, `${descriptors() - before} descriptors more`);
  for (const connection of slow) connection.close();
  await until(async () => {
    const response = await fetch(`http://127.0.0.1:${aster.metricsPort}/ready`);
    await response.body?.cancel();
    return response.status === 200 && descriptors() - before <= 4;
  }, { what: "all of them are let go", deadlineMs: 20_000 });
});

Deno.test("/health and /ready speak of the proxy: that no server is there does not matter", async () => {
  await using aster = await startAster((port) =>
    `[[clusters]]
name = "main"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
servers = ["127.0.0.1:9:1 nobody"]
ping_fail_limit = 1
ping_succ_interval = 50
ping_interval = 50
`, { metrics: true });
  await aster.logged(/Backend ejected/);
  for (const path of ["/health", "/ready"]) {
    const response = await fetch(`http://127.0.0.1:${aster.metricsPort}${path}`);
    await response.body?.cancel();
    assertEquals(response.status, 200, path);
  }
});
