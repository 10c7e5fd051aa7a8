import { confirmation, requestOfNames } from "../../../../src/redis/pubsub/confirmation.ts";
import { assertEquals } from "../../../deps.ts";
import { textOf } from "../../../support/local_rig.ts";

Deno.test("confirmations have the form of the client's protocol", () => {
  assertEquals(
    textOf(confirmation("subscribe", "a", 1, 2)),
    "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n",
  );
  assertEquals(
    textOf(confirmation("unsubscribe", null, 0, 2)),
    "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n",
  );
  assertEquals(
    textOf(confirmation("unsubscribe", null, 3, 3)),
    ">3\r\n$11\r\nunsubscribe\r\n_\r\n:3\r\n",
  );
});

Deno.test("names keep their bytes", () => {
  assertEquals(
    [...requestOfNames("subscribe", "\xff\0").slice(-8)],
    [0x24, 0x32, 13, 10, 0xff, 0, 13, 10],
  );
});
