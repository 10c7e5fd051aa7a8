import { acceptWaiting, LAST_ROUNDS_MAX } from "../../../../src/net/deno/last_accepts.ts";
import { assert, assertEquals } from "../../../deps.ts";
import { withDeadline } from "../../../support/tools/poll.ts";

Deno.test("whoever comes while a listener waits has it wait for one more", async () => {
  let accepted = 0;
  let looks = 0;
  await acceptWaiting(() => {
    looks += 1;
    // Somebody came in the first round and in the second.
    if (looks === 3 || looks === 5) accepted += 1;
    return accepted;
  });
  assertEquals(accepted, 2);
});

Deno.test("it does not wait for ever, though others keep coming", async () => {
  let accepted = 0;
  await withDeadline(acceptWaiting(() => accepted++), "it is over");
  assert(accepted <= 2 * LAST_ROUNDS_MAX, `${accepted} looks`);
});
