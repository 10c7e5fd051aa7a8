import { RequestFrame } from "../../../../src/protocol/protocol.ts";
import { assertEquals } from "../../../deps.ts";
import { protocol, toBytes, written } from "./parse_stream.ts";

/** Parses `request` behind other bytes, so that offsets and positions differ. */
function parsed(request: string): { frame: RequestFrame; bytes: Uint8Array } {
  const frame = new RequestFrame();
  const bytes = toBytes(`....${request}`);
  assertEquals(protocol.createRequestParser(frame).parse(bytes, 4, bytes.length), 0);
  return { frame, bytes };
}

/** The fragment of `request` for the keys with these ordinals. */
function fragment(request: string, keys: readonly number[]): string {
  const { frame, bytes } = parsed(request);
  const nextKey = new Int32Array(frame.keyCount).fill(-1);
  keys.slice(1).forEach((key, index) => nextKey[keys[index]!] = key);
  const selection = { firstKey: keys[0]!, keyCount: keys.length, nextKey };
  return written((target) => protocol.writeFragment(frame, bytes, selection, target));
}

function rewritten(request: string): string {
  const { frame, bytes } = parsed(request);
  return written((target) => protocol.writeRequest(frame, bytes, target));
}

Deno.test("writeFragment() asks for the selected keys in their order", () => {
  assertEquals(fragment("get k0 k1 k2 k3\r\n", [1, 3]), "get k1 k3\r\n");
  assertEquals(fragment("gets a bb ccc\r\n", [2]), "gets ccc\r\n");
  assertEquals(fragment("  get   a  a b\n", [0, 1]), "get a a\r\n");
  assertEquals(fragment("gat 10 a b c\r\n", [0, 2]), "gat 10 a c\r\n");
  assertEquals(fragment("gats -1 a b\r\n", [1]), "gats -1 b\r\n");
});

Deno.test("writeFragment() writes long keys whole", () => {
  const keys = ["a".repeat(250), "b".repeat(65), "c"];
  assertEquals(fragment(`get ${keys.join(" ")}\r\n`, [0, 1]), `get ${keys[0]} ${keys[1]}\r\n`);
});

Deno.test("writeRequest() leaves noreply out and keeps the data block as it is", () => {
  assertEquals(
    rewritten("set k 1 2 9 noreply\r\nnoreply\r\n\r\n"),
    "set k 1 2 9\r\nnoreply\r\n\r\n",
  );
  const value = "\x00\r\n\xff".repeat(50_000);
  assertEquals(
    rewritten(`append k 0 0 ${value.length} noreply\n${value}\r\n`),
    `append k 0 0 ${value.length}\r\n${value}\r\n`,
  );
  assertEquals(rewritten("delete noreply noreply\r\n"), "delete noreply\r\n");
  assertEquals(rewritten("  get  a  b\r\n"), "get a b\r\n");
});
