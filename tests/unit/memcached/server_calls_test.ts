import { portOf } from "../../../src/endpoint.ts";
import { callServers } from "../../../src/memcached/server_calls.ts";
import { MemcacheScene } from "../../support/rigs/memcache_scene.ts";
import { textOf } from "../../support/rigs/local_rig.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("replies and failures come in the order of the servers, once all are there", async () => {
  using scene = new MemcacheScene();
  const heard: string[][] = [];
  const request = new TextEncoder().encode("version\r\n");
  const { rig, client } = scene;
  callServers(rig.requests, client, rig.backends, request, (replies) => {
    heard.push(
      replies.map(({ backend, bytes, failure }) =>
        `${portOf(backend.endpoint)} ${failure?.name ?? textOf(bytes).trim()}`
      ),
    );
  });
  const servers = [await scene.accept(0), await scene.accept(1)];
  await servers[1]!.receives("VERSION 2\r\n");
  assertEquals(heard, []);
  await servers[0]!.ends();
  assertEquals(heard, [["7000 backend_closed", "7001 VERSION 2"]]);
  await scene.ends();
});

Deno.test("without servers there is nothing to wait for", () => {
  using scene = new MemcacheScene();
  let count = -1;
  const { rig, client } = scene;
  callServers(rig.requests, client, [], new Uint8Array(0), ({ length }) => count = length);
  assertEquals(count, 0);
});
