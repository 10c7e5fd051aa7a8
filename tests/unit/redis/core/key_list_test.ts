import { KeyList } from "../../../../src/redis/core/key_list.ts";
import { RequestFrame } from "../../../../src/protocol/protocol.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("each key of a run is listed with what happens to it", () => {
  const keys = new KeyList();
  const frame = new RequestFrame();
  keys.take(frame, 1, 2, 2, ["OW", "update"]);
  keys.take(frame, 7, 1, 1, ["RO"]);
  assertEquals(keys.found, [
    { word: 1, flags: ["OW", "update"] },
    { word: 3, flags: ["OW", "update"] },
    { word: 7, flags: ["RO"] },
  ]);
});
