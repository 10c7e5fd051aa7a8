import { AcceptPause, PAUSE_OVER_MS } from "../../../src/cluster/accept_pause.ts";
import { failures } from "../../../src/failure.ts";
import { Log } from "../../../src/observe/log.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("a pause is said once when it begins, with its reason, and once when it is over", () => {
  const said: string[] = [];
  let nowMs = 0;
  const log = new Log("info", ({ level, message, fields }) => {
    said.push([level, message, fields.reason ?? ""].join("|"));
  });
  const pause = new AcceptPause(log, () => nowMs);
  pause.ended();
  for (; nowMs < 5000; nowMs += 100) {
    pause.began(failures.tooManyOpenFiles);
    pause.ended();
  }
  assertEquals(said, ["error|Clients wait to be accepted|too_many_open_files"]);
  nowMs += PAUSE_OVER_MS;
  pause.ended();
  pause.ended();
  assertEquals(said.slice(1), ["info|Clients are accepted again|"]);
  pause.began(failures.outOfMemory);
  assertEquals(said[2], "error|Clients wait to be accepted|out_of_memory");
});
