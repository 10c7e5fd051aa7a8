/**
 * A command inside MULTI, whose reply is its own again.
 *
 * @module
 */
import { attempt, isNull } from "../../../../src/redis/blocking/attempt.ts";
import { DedicatedLink } from "../../../../src/redis/core/dedicated_link.ts";
import { requestBytes } from "../../../../src/protocol/resp/write/replies.ts";
import { assertEquals } from "../../../deps.ts";
import { FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";

const encoder = new TextEncoder();

async function outcomeOf(...replies: string[]): Promise<string[]> {
  using scene = new FeatureScene(() => [], { respOnDedicated: true });
  const link = DedicatedLink.open(scene.context, scene.client, { place: 0, lost: () => {} });
  if (!(link instanceof DedicatedLink)) throw new Error("No link");
  const heard: string[] = [];
  attempt(link, requestBytes("BLPOP", "k", "0"), {
    replied: ({ bytes, start, end, isError }) => {
      const text = new TextDecoder().decode(bytes.subarray(start, end));
      heard.push(`${isError ? "error" : "reply"} ${text.replaceAll("\r\n", " ").trim()}`);
    },
    failed: ({ name }) => heard.push(`failed ${name}`),
    refused: () => heard.push("refused"),
  });
  const conn = await scene.accept(0);
  for (const reply of replies) await conn.receives(reply);
  heard.push(requestsIn(conn.written).join(", "));
  link.close();
  await scene.ends();
  return heard;
}

const ALL = "MULTI, BLPOP k 0, EXEC";

Deno.test("the command's reply is taken out of EXEC's, errors too", async () => {
  const queued = "+QUEUED\r\n";
  assertEquals(await outcomeOf("+OK\r\n", `${queued}*1\r\n*1\r\n:3\r\n`), ["reply *1 :3", ALL]);
  assertEquals(await outcomeOf("+OK\r\n", `${queued}*1\r\n-WRONGTYPE x\r\n`), [
    "error -WRONGTYPE x",
    ALL,
  ]);
  assertEquals(await outcomeOf("+OK\r\n", `${queued}-MOVED 1 a:1\r\n`), [
    "error -MOVED 1 a:1",
    ALL,
  ]);
});

Deno.test("a command that is not queued has that error, whatever EXEC says", async () => {
  assertEquals(await outcomeOf("+OK\r\n", "-MOVED 1 a:1\r\n-EXECABORT x\r\n"), [
    "error -MOVED 1 a:1",
    ALL,
  ]);
});

Deno.test("nothing is sent behind a MULTI that was refused", async () => {
  assertEquals(await outcomeOf("-NOPERM x\r\n"), ["refused", "MULTI"]);
});

Deno.test("a null says so in either version", () => {
  for (const reply of ["$-1\r\n", "*-1\r\n", "_\r\n"]) {
    assertEquals(isNull(encoder.encode(reply), 0), true, reply);
  }
  for (const reply of ["*0\r\n", "$0\r\n", ":-1\r\n", "-ERR\r\n", "+OK\r\n"]) {
    assertEquals(isNull(encoder.encode(reply), 0), false, reply);
  }
});
