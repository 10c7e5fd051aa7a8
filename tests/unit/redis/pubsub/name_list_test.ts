import { NameList } from "../../../../src/redis/pubsub/name_list.ts";
import { assertEquals } from "../../../deps.ts";
import { localRequest, LocalRigClient } from "../../../support/rigs/local_rig.ts";

function namesOf(list: NameList): string[] {
  return Array.from({ length: list.count }, (_, index) => list.name(index));
}

Deno.test("names are the words behind the first, also when the request's bytes are gone", () => {
  const request = localRequest(new LocalRigClient(), "SUBSCRIBE", "a", "", "channel");
  const list = NameList.ofRequest(request);
  assertEquals([list.count, list.byteCount], [3, request.frame.end]);
  assertEquals(namesOf(list), ["a", "", "channel"]);
  const kept = list.keep();
  request.bytes.fill(0);
  request.frame.offsets.fill(0);
  assertEquals(namesOf(list), ["a", "", "channel"]);
  assertEquals(namesOf(NameList.ofKept(structuredClone(kept))), ["a", "", "channel"]);
});

Deno.test("a request may stand anywhere in its buffer", () => {
  const { frame, bytes, client } = localRequest(new LocalRigClient(), "SUBSCRIBE", "a", "bc");
  const moved = new Uint8Array(bytes.length + 10);
  moved.set(bytes, 10);
  frame.start += 10;
  frame.end += 10;
  const list = NameList.ofRequest({ client, frame, bytes: moved } as never);
  assertEquals(namesOf(list), ["a", "bc"]);
  list.keep();
  assertEquals(namesOf(list), ["a", "bc"]);
});

Deno.test("names may begin behind a subcommand", () => {
  const request = localRequest(new LocalRigClient(), "PUBSUB", "NUMSUB", "a", "b");
  assertEquals(namesOf(NameList.ofRequest(request, 2)), ["a", "b"]);
  const none = localRequest(new LocalRigClient(), "PUBSUB", "NUMSUB");
  assertEquals(NameList.ofRequest(none, 2).count, 0);
});
