import { errorReply } from "../../../../src/protocol/resp/write/replies.ts";
import { Refused } from "../../../../src/redis/core/refused.ts";
import { assertStrictEquals } from "../../../deps.ts";

Deno.test("what is refused has the reply that says why, as it is", () => {
  const reply = errorReply("ERR no");
  assertStrictEquals(new Refused(reply).reply, reply);
});
