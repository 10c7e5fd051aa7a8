/**
 * Which requests wait for their server before they are begun.
 *
 * @module
 */
import type { Backend } from "../../../src/backend/backend.ts";
import type { BeginningWait } from "../../../src/backend/beginning_wait.ts";
import type { DispatchSession } from "../../../src/session/dispatch.ts";
import { mustAwaitServer } from "../../../src/session/server_check.ts";
import type { LocalAnswers } from "../../../src/session/stages.ts";
import type { Router } from "../../../src/router/router.ts";
import { frameOf } from "../../support/rigs/local_rig.ts";
import { assertEquals } from "../../deps.ts";

const session = {} as DispatchSession;

function asked(words: string[], isOn = true): string[] {
  const calls: string[] = [];
  const router = {
    beginnings: {
      isOn,
      mustWaitAt(_client: unknown, place: number) {
        calls.push(`place ${place}`);
        return true;
      },
      mustWaitFor(_client: unknown, backends: readonly Backend[]) {
        calls.push(`${backends.length} servers`);
        return true;
      },
    } as unknown as BeginningWait,
    place: (bytes: Uint8Array, start: number, end: number) =>
      Number(new TextDecoder().decode(bytes.subarray(start, end))),
    shards: () => [1, 2],
    allShards: () => [1, 2, 3],
  } as unknown as Router;
  const local = { needsNoServer: ({ name }: { name: string }) => name === "unwatch" };
  const { frame, bytes } = frameOf(words);
  const context = { router, local: local as unknown as LocalAnswers };
  assertEquals(mustAwaitServer(context, session, frame, bytes), calls.length > 0);
  return calls;
}

Deno.test("those with keys wait for the server of the first, those to all servers for all, others do not wait", () => {
  assertEquals(asked(["BLPOP", "7", "8", "0"]), ["place 7"]);
  assertEquals(asked(["WATCH", "5"]), ["place 5"]);
  assertEquals(asked(["BLPOP", "-1", "0"]), []);
  assertEquals(asked(["DBSIZE"]), ["2 servers"]);
  assertEquals(asked(["FLUSHALL"]), ["3 servers"]);
  const others = [["UNWATCH"], ["INFO"], ["SCAN", "0"], ["SUBSCRIBE", "1"], ["SSUBSCRIBE", "1"]];
  for (const words of others) assertEquals(asked(words), [], words[0]);
  assertEquals(asked(["WATCH", "5"], false), []);
});
