import { MemcacheScene } from "../../support/rigs/memcache_scene.ts";
import { assertEquals, assertMatch } from "../../deps.ts";

/** What a client is told whose servers answer `replies`; null: the server closes. */
async function asked(
  request: string,
  replies: readonly (string | null)[],
): Promise<{ sent: string[]; told: string[] }> {
  using scene = new MemcacheScene(replies.length);
  scene.ask(request);
  const servers = [];
  for (const index of replies.keys()) servers.push(await scene.accept(index));
  const sent = servers.map((server) => server.takeWritten());
  for (const [index, reply] of replies.entries()) {
    if (reply === null) await servers[index]!.ends();
    else await servers[index]!.receives(reply);
  }
  const told = scene.told();
  await scene.ends();
  return { sent, told };
}

const A = "STAT curr_items 1\r\nSTAT uptime 5\r\nEND\r\n";
const B = "STAT curr_items 2\r\nSTAT uptime 3\r\nEND\r\n";

Deno.test("stats are those of all servers as of one", async () => {
  assertEquals(await asked("stats\r\n", [A, B]), {
    sent: ["stats\r\n", "stats\r\n"],
    told: ["STAT curr_items 3\r\nSTAT uptime 3\r\nEND\r\n"],
  });
  const { sent } = await asked("stats settings\r\n", [A, B]);
  assertEquals(sent, ["stats settings\r\n", "stats settings\r\n"]);
});

Deno.test("a server that does not answer is named, and the reply still ends", async () => {
  assertEquals((await asked("stats\r\n", [A, null])).told, [
    "STAT curr_items 1\r\nSTAT uptime 5\r\n" +
    "STAT unreachable:10.0.0.1:7001 connection closed\r\nEND\r\n",
  ]);
  assertEquals((await asked("stats slabs\r\n", [null])).told, [
    "STAT unreachable:10.0.0.1:7000 connection closed\r\nEND\r\n",
  ]);
});

Deno.test("one server is asked by its name or its address", async () => {
  for (const name of ["m1", "10.0.0.1:7001"]) {
    using scene = new MemcacheScene();
    scene.ask(`stats items ${name}\r\n`);
    const server = await scene.accept(1);
    assertEquals(server.takeWritten(), "stats items\r\n");
    await server.receives("STAT items:1:number 2\r\nEND\r\n");
    assertEquals(scene.told(), ["STAT items:1:number 2\r\nEND\r\n"]);
    await scene.ends();
  }
  using scene = new MemcacheScene();
  scene.ask("stats items nobody\r\n");
  assertEquals(scene.told(), ["STAT error no server of the pool has this name\r\nEND\r\n"]);
});

Deno.test("lists of what servers hold are joined, and what all confirm is confirmed once", async () => {
  const items = await asked("stats cachedump 1 10\r\n", [
    "ITEM a [1 b; 0 s]\r\nEND\r\n",
    "ITEM b [2 b; 0 s]\r\nEND\r\n",
  ]);
  assertEquals(items.sent[0], "stats cachedump 1 10\r\n");
  assertEquals(items.told, ["ITEM a [1 b; 0 s]\r\nITEM b [2 b; 0 s]\r\nEND\r\n"]);
  assertEquals((await asked("stats reset\r\n", ["RESET\r\n", "RESET\r\n"])).told, ["RESET\r\n"]);
  assertEquals((await asked("stats reset\r\n", ["RESET\r\n", null])).told, [
    "failed: backend_closed 10.0.0.1:7001",
  ]);
  const usage = "CLIENT_ERROR usage: stats detail on|off|dump\r\n";
  assertEquals((await asked("stats detail\r\n", [usage, usage])).told, [usage]);
});

Deno.test("unknown kinds are an error as at a server, and so is what has no end", () => {
  using scene = new MemcacheScene();
  for (const kind of ["foo", "noreply", "sizes_enable"]) scene.ask(`stats ${kind}\r\n`);
  assertEquals(scene.told(), ["ERROR\r\n", "ERROR\r\n", "ERROR\r\n"]);
});

Deno.test("stats proxy is the proxy's own", () => {
  using scene = new MemcacheScene();
  scene.ask("stats proxy\r\n");
  assertMatch(scene.told()[0]!, /^(STAT \S+ \S+\r\n)+END\r\n$/);
});
