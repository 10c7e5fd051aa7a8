/**
 * Requests with keys on several backends: order kept, errors surfaced, whichever backend fails.
 *
 * @module
 */
import type { FakeBackend } from "../support/fakes/fake_backend.ts";
import { type ScriptedCluster, startScriptedCluster } from "../support/rigs/in_process_cluster.ts";
import { array, backendError, bulk, request } from "../support/clients/resp_text.ts";

/** Three backends and two keys on each. */
async function startThree(
  type: "redis" | "memcache",
): Promise<
  { scene: ScriptedCluster; backends: [FakeBackend, FakeBackend, FakeBackend]; keys: string[] }
> {
  const scene = await startScriptedCluster(3, { type });
  const backends = scene.backends as [FakeBackend, FakeBackend, FakeBackend];
  const { cluster } = scene;
  const keys = [0, 1, 2].map((server) => cluster.keyOf(server));
  return { scene, backends, keys: [...keys, ...[0, 1, 2].map((s) => cluster.keyOf(s, "x"))] };
}

Deno.test("MGET: elements in key order, keys named twice included, whoever answers first", async () => {
  const { scene, backends, keys } = await startThree("redis");
  await using _ = scene;
  const [a, b, c, x] = keys as [string, string, string, string];
  const client = await scene.client();
  await client.sends(request("MGET", c, a, b, x, a, c), request("GET", a));
  await backends[0].receives(request("MGET", a, x, a), request("GET", a));
  await backends[1].receives(request("MGET", b));
  await backends[2].receives(request("MGET", c, c));
  await backends[0].sends(array(bulk("A1"), bulk(null), bulk("A2")), bulk("A"));
  await backends[2].sends(array(bulk("C1"), bulk("")));
  await backends[1].sends(array(bulk("B")));
  await client.receives(
    array(bulk("C1"), bulk("A1"), bulk("B"), bulk(null), bulk("A2"), bulk("")),
    bulk("A"),
  );
  await client.isSilent();
});

Deno.test("MGET: the elements of a failed backend are errors, the others values", async () => {
  const { scene, backends, keys } = await startThree("redis");
  await using _ = scene;
  const [a, b, c] = keys as [string, string, string];
  const client = await scene.client();
  await backends[1].refuses();
  await client.sends(request("MGET", a, b, c));
  await backends[0].receives(request("MGET", a));
  await backends[2].receives(request("MGET", c));
  await backends[0].sends(array(bulk("A")));
  await backends[2].sends("-LOADING Redis is loading the dataset in memory\r\n");
  await client.receives(array(
    bulk("A"),
    backendError(backends[1].address, "connection refused"),
    "-LOADING Redis is loading the dataset in memory\r\n",
  ));
  await client.isSilent();
});

Deno.test("MGET: one failed backend with all the keys gives as many errors, other commands one", async () => {
  const { scene, backends, keys } = await startThree("redis");
  await using _ = scene;
  const [, b, , , y] = keys as [string, string, string, string, string];
  const client = await scene.client();
  await backends[1].refuses();
  await client.sends(request("MGET", b), request("MGET", b, y), request("DEL", b, y));
  const error = backendError(backends[1].address, "connection refused");
  await client.receives(array(error), array(error, error), error);
  await client.isSilent();
});

Deno.test("MSET is OK only if all were; DEL, UNLINK, EXISTS, TOUCH sum or give the first error", async () => {
  const { scene, backends, keys } = await startThree("redis");
  await using _ = scene;
  const [a, b, , x] = keys as [string, string, string, string];
  const client = await scene.client();
  await client.sends(request("MSET", a, "1", b, "2", x, "3"));
  await backends[0].receives(request("MSET", a, "1", x, "3"));
  await backends[1].receives(request("MSET", b, "2"));
  await backends[0].sends("+OK\r\n");
  await backends[1].sends("+OK\r\n");
  await client.receives("+OK\r\n");
  for (const name of ["DEL", "UNLINK", "EXISTS", "TOUCH"]) {
    await client.sends(request(name, a, b, x), request(name, a, b));
    await backends[0].receives(request(name, a, x), request(name, a));
    await backends[1].receives(request(name, b), request(name, b));
    await backends[0].sends(":2\r\n:1\r\n");
    await backends[1].sends(":1\r\n-READONLY no\r\n");
    await client.receives(":3\r\n-READONLY no\r\n");
  }
  await client.sends(request("MSET", a, "1", b, "2"));
  await backends[0].receives(request("MSET", a, "1"));
  await backends[1].receives(request("MSET", b, "2"));
  await backends[0].sends("+OK\r\n");
  await backends[1].closes();
  await client.receives(backendError(backends[1].address, "connection closed"));
  await client.isSilent();
});

Deno.test("MGET: a fragment's reply with too few elements makes errors, and shifts nobody's", async () => {
  const { scene, backends, keys } = await startThree("redis");
  await using _ = scene;
  const [a, b] = keys as [string, string];
  const client = await scene.client();
  await client.sends(request("MGET", a, b, a), request("GET", b));
  await backends[0].receives(request("MGET", a, a));
  await backends[1].receives(request("MGET", b), request("GET", b));
  await backends[0].sends(array(bulk("A1")));
  await backends[1].sends(array(bulk("B")), bulk("B2"));
  const error = "-ERR malformed reply\r\n";
  await client.receives(array(error, bulk("B"), error), bulk("B2"));
  await client.isSilent();
});

Deno.test("memcache: many keys over three backends come back in key order with one END", async () => {
  const { scene, backends, keys } = await startThree("memcache");
  await using _ = scene;
  const [a, b, c, x] = keys as [string, string, string, string];
  const value = (key: string, text: string) => `VALUE ${key} 0 ${text.length}\r\n${text}\r\n`;
  const client = await scene.client();
  await client.sends(`get ${c} ${a} ${b} ${x}\r\nget ${a}\r\n`);
  await backends[0].receives(`get ${a} ${x}\r\nget ${a}\r\n`);
  await backends[1].receives(`get ${b}\r\n`);
  await backends[2].receives(`get ${c}\r\n`);
  await backends[2].sends(value(c, "END\r\n"), "END\r\n");
  await backends[0].sends(value(x, "X"), "END\r\n", value(a, "A"), "END\r\n");
  await backends[1].sends("END\r\n");
  await client.receives(value(c, "END\r\n"), value(x, "X"), "END\r\n", value(a, "A"), "END\r\n");
  await client.isSilent();
});

Deno.test("memcache: a get with a failed backend is an error, not a miss", async () => {
  const { scene, backends, keys } = await startThree("memcache");
  await using _ = scene;
  const [a, b] = keys as [string, string];
  const client = await scene.client();
  await client.sends(`get ${a} ${b}\r\n`);
  await backends[0].receives(`get ${a}\r\n`);
  await backends[1].receives(`get ${b}\r\n`);
  await backends[0].sends(`VALUE ${a} 0 1\r\nA\r\nEND\r\n`);
  await backends[1].closes();
  await client.receives(
    `SERVER_ERROR backend ${backends[1].address}: connection closed\r\n`,
  );
  await client.isSilent();
});
