import { UNAUTHENTICATED_REQUEST_BYTES_MAX } from "../../../../src/memcached/login/login_stage.ts";
import { Verdict } from "../../../../src/session/stages.ts";
import { MemcacheScene } from "../../../support/rigs/memcache_scene.ts";
import { reply, request } from "../../protocol/memcache/binary/packets.ts";
import { toBytes } from "../../protocol/memcache/parse_stream.ts";
import { assertEquals } from "../../../deps.ts";
import { userWith } from "../../../support/rigs/user_config.ts";

const users = [userWith("ann", "secret")];

function stranger(): MemcacheScene {
  const scene = new MemcacheScene(1, users);
  scene.local.onConnect(scene.client);
  return scene;
}

/** Replies as their bytes: the rig's client keeps them as UTF-8. */
function asText(packet: string): string {
  return new TextDecoder().decode(toBytes(packet));
}

Deno.test("without users nobody is asked", () => {
  using scene = new MemcacheScene();
  scene.local.onConnect(scene.client);
  assertEquals(scene.client.stage, null);
});

Deno.test("before its login a client of lines may quit, and nothing else", () => {
  using scene = stranger();
  for (const line of ["get a\r\n", "version\r\n", "add k 0 0 1\r\nx\r\n", "bogus\r\n", "mn\r\n"]) {
    assertEquals(scene.onRequest(line), Verdict.Handled);
    assertEquals(scene.told(), ["CLIENT_ERROR unauthenticated\r\n"], line);
  }
  assertEquals(scene.onRequest("quit\r\n"), Verdict.Pass);
  assertEquals(scene.client.stage!.requestBytesMax, UNAUTHENTICATED_REQUEST_BYTES_MAX);
});

Deno.test("before its login a client is refused as it speaks", () => {
  using lines = stranger();
  for (const line of ["mg a q v\r\n", "ms a 1 q\r\nx\r\n", "md a q\r\n", "ma a q\r\n"]) {
    assertEquals(lines.onRequest(line), Verdict.Handled);
    assertEquals(lines.told(), ["CLIENT_ERROR unauthenticated\r\n"], line);
  }
  assertEquals(lines.client.isClosing, false);
  using packets = stranger();
  assertEquals(
    packets.onRequest(request({ operation: 0x40, key: "k", opaque: 9 })),
    Verdict.Handled,
  );
  assertEquals(packets.told(), [
    asText(reply({ operation: 0x40, opaque: 9, status: 0x20, value: "Auth failure." })),
  ]);
  assertEquals(packets.client.isClosing, true);
});

Deno.test("the value of a set logs a client of lines in", () => {
  using scene = stranger();
  assertEquals(scene.onRequest("set x 0 0 3\r\nann\r\n"), Verdict.Handled);
  assertEquals(scene.told(), ["CLIENT_ERROR bad authentication token format\r\n"]);
  assertEquals(scene.onRequest("set x 0 0 10\r\nann secret\r\n"), Verdict.Handled);
  assertEquals(scene.told(), ["STORED\r\n"]);
  assertEquals(scene.onRequest("get a\r\n"), Verdict.Pass);
});

Deno.test("a wrong password is answered late, and counted", () => {
  using scene = stranger();
  assertEquals(scene.onRequest("set x 0 0 9\r\nann wrong\r\n"), Verdict.Handled);
  assertEquals(scene.told(), []);
  scene.rig.clock.advance(99);
  assertEquals(scene.told(), []);
  scene.rig.clock.advance(1000);
  assertEquals(scene.told(), ["CLIENT_ERROR authentication failure\r\n"]);
  assertEquals(scene.rig.metrics.loginFailures, 1);
  assertEquals(scene.onRequest("get a\r\n"), Verdict.Handled);
});

Deno.test("before its login a client of packets may ask for version and mechanisms", () => {
  using scene = stranger();
  assertEquals(scene.onRequest(request({ operation: 0x0b })), Verdict.Pass);
  assertEquals(scene.onRequest(request({ operation: 0x20 })), Verdict.Pass);
  assertEquals(scene.onRequest(request({ operation: 0x00, key: "k", opaque: 7 })), Verdict.Handled);
  assertEquals(scene.told(), [asText(reply({ opaque: 7, status: 0x20, value: "Auth failure." }))]);
  assertEquals(scene.client.isClosing, true);
});

Deno.test("SASL PLAIN logs a client of packets in; other mechanisms and steps do not", () => {
  using scene = stranger();
  const attempt = (operation: number, key: string, value: string) => {
    assertEquals(scene.onRequest(request({ operation, key, value, opaque: 3 })), Verdict.Handled);
    scene.rig.clock.advance(10_000);
    return scene.told();
  };
  const failed = (operation: number) =>
    asText(reply({ operation, opaque: 3, status: 0x20, value: "Auth failure." }));
  assertEquals(attempt(0x21, "CRAM-MD5", "x"), [failed(0x21)]);
  assertEquals(attempt(0x22, "PLAIN", "\0ann\0secret"), [failed(0x22)]);
  assertEquals(attempt(0x21, "PLAIN", "\0ann\0wrong"), [failed(0x21)]);
  assertEquals(attempt(0x21, "PLAIN", "\0ann\0secret"), [
    asText(reply({ operation: 0x21, opaque: 3, value: "Authenticated" })),
  ]);
  assertEquals(scene.client.stage, null);
});
