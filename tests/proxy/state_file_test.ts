/**
 * States and weights of servers that operators have set, over restarts of the program.
 *
 * @module
 */
import { assertEquals, assertMatch } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";

function configOf(stateFile: string): (port: number) => string {
  return (port) =>
    `[runtime]
state_file = "${stateFile}"

[[clusters]]
name = "main"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
servers = ["127.0.0.1:1:1 one", "127.0.0.1:2:1 two", "127.0.0.1:3:1 three"]
`;
}

async function setState(aster: Aster, query: string) {
  const url = `http://127.0.0.1:${aster.metricsPort}/server/state?${query}`;
  return await (await fetch(url, { method: "POST" })).json();
}

async function statesOf(aster: Aster): Promise<unknown[]> {
  const { clusters } = await (await fetch(`http://127.0.0.1:${aster.metricsPort}/status`)).json();
  return clusters[0].servers.map(
    ({ alias, state, weight }: Record<string, unknown>) => [alias, state, weight],
  );
}

Deno.test("states and weights are there behind a restart, and behind a kill", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const file = `${directory}/state.json`;
    const expected = [["one", "drain", 1], ["two", "ready", 7], ["three", "ready", 1]];
    {
      await using aster = await startAster(configOf(file), { metrics: true });
      assertEquals((await setState(aster, "server=one&state=drain")).kept, true);
      assertEquals((await setState(aster, "server=two&weight=7")).kept, true);
      await aster.process.kill();
    }
    {
      await using aster = await startAster(configOf(file), { metrics: true });
      assertEquals(await statesOf(aster), expected);
      assertMatch(aster.logs(), /Server is as an operator has set it before the start/);
      assertEquals((await setState(aster, "server=two&weight=config")).kept, true);
    }
    await Deno.writeTextFile(file, '{ "version": 1, "servers": [{}] }');
    await using aster = await startAster(configOf(file), { metrics: true });
    assertEquals((await statesOf(aster))[0], ["one", "ready", 1]);
    assertMatch(aster.logs(), /State file is ignored.*servers\[0\]\.cluster: expected a name/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a file that cannot be written is told with the answer", async () => {
  await using aster = await startAster(configOf("/no/such/folder/state.json"), { metrics: true });
  assertMatch(aster.logs(), /State file cannot be written/);
  const answer = await setState(aster, "server=one&state=maint");
  assertEquals([answer.state, answer.kept], ["maint", false]);
});
