import { slotKeysAnswer } from "../../../../src/redis/server/slot_keys.ts";
import { assertEquals } from "../../../deps.ts";
import { FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";
import { localRequest, textOf } from "../../../support/rigs/local_rig.ts";

function ask(scene: FeatureScene, line: string): string | null {
  const request = localRequest(scene.client, ...line.split(" "));
  const reply = slotKeysAnswer(scene.context, request);
  return reply === null ? null : textOf(reply);
}

Deno.test("the owner of the slot is asked", async () => {
  using scene = new FeatureScene(() => []);
  assertEquals(ask(scene, "CLUSTER COUNTKEYSINSLOT 1"), null);
  assertEquals(ask(scene, "CLUSTER GETKEYSINSLOT 0 5"), null);
  const conns = [await scene.accept(0), await scene.accept(1)];
  assertEquals(conns.map(({ written }) => requestsIn(written)), [
    ["CLUSTER GETKEYSINSLOT 0 5"],
    ["CLUSTER COUNTKEYSINSLOT 1"],
  ]);
  await conns[1]!.receives(":7\r\n");
  await conns[0]!.receives("-ERR no\r\n");
  assertEquals(scene.told(), [":7", "-ERR no"]);
  await scene.ends();
});

Deno.test("errors are a server's", () => {
  using scene = new FeatureScene(() => []);
  const errors: Record<string, string> = {
    "COUNTKEYSINSLOT x": "value is not an integer or out of range",
    "COUNTKEYSINSLOT -1": "Invalid slot",
    "COUNTKEYSINSLOT 16384": "Invalid slot",
    "GETKEYSINSLOT 16384 x": "value is not an integer or out of range",
    "GETKEYSINSLOT 16384 1": "Invalid slot or number of keys",
    "GETKEYSINSLOT 1 -1": "Invalid slot or number of keys",
  };
  for (const [line, text] of Object.entries(errors)) {
    assertEquals(ask(scene, `CLUSTER ${line}`), `-ERR ${text}\r\n`, line);
  }
  assertEquals(ask(scene, "CLUSTER COUNTKEYSINSLOT 9")?.startsWith("-"), true, "it has no owner");
});
