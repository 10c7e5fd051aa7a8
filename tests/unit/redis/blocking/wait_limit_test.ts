import { waitLimitMs } from "../../../../src/redis/blocking/wait_limit.ts";
import { assertEquals } from "../../../deps.ts";
import { localRequest, LocalRigClient } from "../../../support/rigs/local_rig.ts";

const READ_TIMEOUT_MS = 1000;

for (
  const [line, limitMs] of [
    ["BLPOP a b 2", 3000],
    ["BLPOP a 0.25", 1250],
    ["BRPOPLPUSH a b 1", 2000],
    ["BLMOVE a b LEFT LEFT 1", 2000],
    ["BLMOVEM a b LEFT LEFT 1 COUNT 3 BULK", 2000],
    ["BZMOVE a b MIN 2 COUNT 3", 3000],
    ["BLMPOP 3 1 a LEFT", 4000],
    ["BZMPOP 0 1 a MIN", Infinity],
    ["BLPOP a 0", Infinity],
    ["BLPOP a x", Infinity],
    ["BLPOP a -1", Infinity],
    ["XREAD COUNT 1 BLOCK 500 STREAMS a $", 1500],
    ["XREADGROUP GROUP block 1 BLOCK 0 STREAMS a >", Infinity],
    ["XREAD BLOCK 1 COUNT 5 BLOCK 700 STREAMS block 0", 1700],
    ["XREADGROUP GROUP g c BLOCK 0 STREAMS a >", Infinity],
  ] as const
) {
  Deno.test(`${line} waits at most ${limitMs} ms`, () => {
    const request = localRequest(new LocalRigClient(), ...line.split(" "));
    assertEquals(waitLimitMs(request, READ_TIMEOUT_MS), limitMs);
  });
}
