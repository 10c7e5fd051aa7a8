import { requestBytes } from "../../../../src/protocol/resp/write/replies.ts";
import { DedicatedLink } from "../../../../src/redis/core/dedicated_link.ts";
import { cleanUp } from "../../../../src/redis/transaction/clean_up.ts";
import { FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";
import { assertEquals } from "../../../deps.ts";

for (
  const [reply, isMarked, idleCount] of [
    ["+OK", false, 1],
    ["+OK", true, 0],
    ["-ERR no", false, 0],
    [null, false, 0],
  ] as const
) {
  const what = reply === null ? "a lost connection" : `${reply}${isMarked ? ", marked" : ""}`;
  Deno.test(`${what} leaves ${idleCount} connections for others`, async () => {
    using scene = new FeatureScene(() => []);
    const link = DedicatedLink.open(scene.context, scene.client, { place: 0, lost: () => {} });
    if (!(link instanceof DedicatedLink)) throw new Error("no connection");
    let doneCount = 0;
    cleanUp(link, requestBytes("UNWATCH"), isMarked, () => doneCount += 1);
    const conn = await scene.accept(0);
    assertEquals(requestsIn(conn.written), ["UNWATCH"]);
    await (reply === null ? conn.ends() : conn.receives(`${reply}\r\n`));
    assertEquals([doneCount, scene.context.dedicated.takenCount], [1, 0]);
    assertEquals(scene.context.dedicated.idleCount, idleCount);
    await scene.ends();
  });
}
