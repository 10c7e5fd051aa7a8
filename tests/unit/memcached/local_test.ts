import { createMemcacheProtocol } from "../../../src/protocol/memcache/mod.ts";
import { RequestFrame } from "../../../src/protocol/protocol.ts";
import { MemcacheScene } from "../../support/rigs/memcache_scene.ts";
import { assertEquals, assertThrows } from "../../deps.ts";

Deno.test("version is the least of the servers', by three numbers and nothing behind them", async () => {
  using scene = new MemcacheScene();
  scene.ask("version\r\n");
  const servers = [await scene.accept(0), await scene.accept(1)];
  assertEquals(servers.map((one) => one.takeWritten()), ["version\r\n", "version\r\n"]);
  await servers[0]!.receives("VERSION 1.6.18\r\n");
  assertEquals(scene.told(), []);
  await servers[1]!.receives("VERSION 1.5.22-dev\r\n");
  assertEquals(scene.told(), ["VERSION 1.5.22\r\n"]);
  // What is known is not asked again for a while.
  scene.ask("version\r\n");
  assertEquals(scene.told(), ["VERSION 1.5.22\r\n"]);
  assertEquals(servers.map((one) => one.takeWritten()), ["", ""]);
  await scene.ends();
});

Deno.test("version with further words is an error where the least server takes it for one", async () => {
  for (
    const [version, reply] of [["1.5.22", "ERROR\r\n"], ["1.6.0", "VERSION 1.6.0\r\n"]] as const
  ) {
    using scene = new MemcacheScene(1);
    scene.ask("version x\r\n");
    const server = await scene.accept(0);
    await server.receives(`VERSION ${version}\r\n`);
    assertEquals(scene.told(), [reply]);
    await scene.ends();
  }
});

Deno.test("quit closes when everything due is answered, and says nothing", () => {
  using scene = new MemcacheScene();
  scene.ask("quit\r\n");
  assertEquals([scene.told(), scene.client.isClosing], [[""], true]);
});

Deno.test("a command that is not local is a programming error", () => {
  using scene = new MemcacheScene();
  assertThrows(() => scene.ask("get a\r\n"), Error, 'Cannot answer "get"');
});

Deno.test("a pause of writes is for gets that write, too", () => {
  using scene = new MemcacheScene();
  const mayWrite = (line: string) => {
    const frame = new RequestFrame();
    const bytes = new TextEncoder().encode(`${line}\r\n`);
    createMemcacheProtocol().createRequestParser(frame).parse(bytes, 0, bytes.length);
    return scene.local.mayWrite(frame.row!, frame, bytes);
  };
  for (const line of ["mg k N30 v", "gat 0 k", "md k", "flush_all"]) {
    assertEquals(mayWrite(line), true, line);
  }
  for (const line of ["mg k v", "get N T", "me k", "version"]) {
    assertEquals(mayWrite(line), false, line);
  }
});
