import { createMemcacheAnswers, REPORTED_VERSION } from "../../../src/memcached/local.ts";
import { createMemcacheProtocol } from "../../../src/protocol/memcache/mod.ts";
import { RequestFrame } from "../../../src/protocol/protocol.ts";
import { assertEquals, assertMatch, assertThrows } from "../../deps.ts";
import { LocalRigClient } from "../../support/local_rig.ts";

/** What the client of one request gets, and whether it is closed. */
function answered(request: string): { replies: string[]; isClosing: boolean } {
  const frame = new RequestFrame();
  const bytes = new TextEncoder().encode(request);
  createMemcacheProtocol().createRequestParser(frame).parse(bytes, 0, bytes.length);
  const client = new LocalRigClient();
  createMemcacheAnswers().answer(client, frame, bytes);
  return { replies: client.replies, isClosing: client.isClosing };
}

Deno.test("version is answered here, by three numbers and nothing behind them", () => {
  assertEquals(answered("version\r\n"), {
    replies: [`VERSION ${REPORTED_VERSION}\r\n`],
    isClosing: false,
  });
  assertMatch(REPORTED_VERSION, /^1\.5\.\d{1,2}$/);
});

Deno.test("verbosity is answered with OK, or with nothing where no reply is wanted", () => {
  assertEquals(answered("verbosity 1\r\n").replies, ["OK\r\n"]);
  assertEquals(answered("verbosity 1 noreply\r\n").replies, [""]);
});

Deno.test("quit closes when everything due is answered, and says nothing", () => {
  assertEquals(answered("quit\r\n"), { replies: [""], isClosing: true });
});

Deno.test("a command that is not local is a programming error", () => {
  assertThrows(() => answered("get a\r\n"), Error, 'Cannot answer "get"');
});
