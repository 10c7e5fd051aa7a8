import { assertEquals, assertMatch, clientLibraries } from "../deps.ts";
import { startAster } from "../support/aster.ts";
import { startMemcachedServer } from "../support/memcached_server.ts";
import { withDeadline } from "../support/poll.ts";
import { MemcacheText } from "./memcache_text.ts";

const USERS = 'auth = { users = [{ username = "ann", password = "secret" }] }';

/** The proxy in front of one server. */
function startInFront(address: string, keys: string) {
  return startAster((port) =>
    `[[clusters]]
name = "pool"
listen_addr = "127.0.0.1:${port}"
cache_type = "memcache"
servers = ["${address}:1"]
${keys}
`
  );
}

Deno.test("clients log in as memcached's own do", async () => {
  await using server = await startMemcachedServer();
  await using aster = await startInFront(server.address, USERS);
  using client = await MemcacheText.connect(aster.port);
  assertEquals(
    await client.ask([
      "get a\r\n",
      "set x 0 0 9\r\nann wrong\r\n",
      "set x 0 0 10\r\nann secret\r\n",
      "set a 0 0 1\r\n1\r\n",
      "incr a 1\r\n",
    ]),
    [
      "CLIENT_ERROR unauthenticated",
      "CLIENT_ERROR authentication failure",
      "STORED",
      "STORED",
      "2",
    ],
  );
  // The login was none of a server's.
  assertEquals(await server.ask("get x\r\n", "END\r\n"), "END\r\n");
});

Deno.test("memjs logs in by SASL PLAIN", async () => {
  await using server = await startMemcachedServer();
  await using aster = await startInFront(server.address, USERS);
  const { default: memjs } = await clientLibraries.memjs();
  const outcomes: string[] = [];
  for (const password of ["secret", "wrong"]) {
    const client = memjs.Client.create(`127.0.0.1:${aster.port}`, {
      username: "ann",
      password,
      logger: { log: () => {} },
      retries: 1,
      timeout: 2,
    });
    const outcome = client.set("key", "value", {}).then(() => "in", () => "out");
    outcomes.push(await withDeadline(outcome, password));
    client.close();
  }
  assertEquals(outcomes, ["in", "out"]);
});

Deno.test("the proxy logs in at servers that want it, and says where it may not", async () => {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, "proxy:word\n");
    await using server = await startMemcachedServer({ authFile: file });
    const keys = 'backend_auth = { username = "proxy", password = "word" }';
    await using aster = await startInFront(server.address, keys);
    using client = await MemcacheText.connect(aster.port);
    assertEquals(await client.ask(["set a 0 0 1\r\n1\r\n", "mg a k\r\n"]), ["STORED", "HD ka"]);
    for (const others of ["", keys.replace('"word"', '"other"')]) {
      await using stranger = await startInFront(server.address, others);
      using refused = await MemcacheText.connect(stranger.port);
      const [reply] = await refused.ask(["get a\r\n"]);
      assertMatch(reply!, /^SERVER_ERROR backend .*: it refuses the proxy's login/);
    }
  } finally {
    await Deno.remove(file);
  }
});
