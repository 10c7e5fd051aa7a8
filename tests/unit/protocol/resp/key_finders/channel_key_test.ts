import { channelKey } from "../../../../../src/protocol/resp/key_finders/channel_key.ts";
import { RequestFrame } from "../../../../../src/protocol/protocol.ts";
import { assertEquals } from "../../../../deps.ts";
import { frameOf } from "../../../../support/rigs/local_rig.ts";

Deno.test("the channel of PUBLISH says where it goes", () => {
  const frame = new RequestFrame();
  channelKey(frame);
  assertEquals([frame.firstKey, frame.keyCount, frame.keyStep], [1, 1, 1]);
  const { frame: parsed } = frameOf(["PUBLISH", "news", "hello"]);
  assertEquals([parsed.firstKey, parsed.keyCount, parsed.refusal], [1, 1, null]);
  // A server counts the channel for no key.
  assertEquals(parsed.row!.firstKey, 0);
  assertEquals(frameOf(["PUBLISH", "news"]).frame.keyCount, 0);
});
