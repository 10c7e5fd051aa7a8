import { assertEquals, assertMatch, clientLibraries } from "../deps.ts";
import { startAster } from "../support/servers/aster.ts";
import { startMemcachedServer } from "../support/servers/memcached_server.ts";
import { withDeadline } from "../support/tools/poll.ts";
import { request } from "../unit/protocol/memcache/binary/packets.ts";
import { toBytes, toText } from "../unit/protocol/memcache/parse_stream.ts";
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

Deno.test("a server that speaks in lines alone, or in packets alone, says so by one clear error", async () => {
  await using lines = await startMemcachedServer({ arguments: ["-B", "ascii"] });
  await using packets = await startMemcachedServer({ isBinary: true });
  const unsupported = /does not speak the client's protocol/;
  await using inLines = await startInFront(lines.address, "");
  assertMatch(await askPacket(inLines.port), unsupported);
  using client = await MemcacheText.connect(inLines.port);
  assertEquals(await client.ask(["get a\r\n", "mg a\r\n"]), ["END", "EN"]);
  const pings = "ping_fail_limit = 3\nping_succ_interval = 500";
  await using inPackets = await startInFront(packets.address, pings);
  assertMatch(await askPacket(inPackets.port), /Not found$/);
  using other = await MemcacheText.connect(inPackets.port);
  const [reply] = await other.ask(["mg a\r\n"]);
  assertMatch(reply!, unsupported);
  // Pings find it alive all the same.
  assertMatch(await askPacket(inPackets.port), /Not found$/);
});

/** The text in the reply to a get in a packet. */
async function askPacket(port: number): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(toBytes(request({ operation: 0x00, key: "a" })));
  let text = "";
  const buffer = new Uint8Array(1024);
  while (text.length < 24 || text.length < 24 + text.charCodeAt(11)) {
    const count = await withDeadline(connection.read(buffer), "a reply");
    if (count === null) break;
    text += toText(buffer, 0, count);
  }
  return text.slice(24);
}
