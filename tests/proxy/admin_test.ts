/**
 * The admin server of a running proxy: its token, which is shown nowhere, and the sub-commands that ask it.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { startAster } from "../support/aster.ts";

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
