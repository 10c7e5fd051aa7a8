/**
 * How a new process speaks to the one that it takes over.
 *
 * @module
 */
import { FormerProcess } from "../../../../src/supervisor/takeover/former_process.ts";
import { assertEquals, assertRejects } from "../../../deps.ts";
import { channelPair } from "./channel_pair.ts";

Deno.test("greet() takes what the former process listens by, in as many messages as it takes", async () => {
  const [own, old] = channelPair();
  const greeted = FormerProcess.greet(own, true);
  assertEquals(await old.hears(), { takeover: 1, pid: Deno.pid, takesSockets: true });
  await old.says({ pid: 7, held: [false, true], more: true }, [50, 51]);
  await old.says({ pid: 7, held: [false], more: false }, [52]);
  const former = await greeted;
  assertEquals([former.pid, former.sockets], [7, [
    { descriptor: 50, isHeld: false },
    { descriptor: 51, isHeld: true },
    { descriptor: 52, isHeld: false },
  ]]);
  former.close();
  assertEquals(own.isClosed, true);
});

Deno.test("greet() of a process that refuses, is gone, or speaks otherwise is an error", async () => {
  for (
    const [answer, reason] of [
      [{ refused: "it is about to end" }, "the former process refuses: it is about to end"],
      [{ pid: "7", held: [], more: false }, "answers what is not understood"],
      [{ pid: 7, held: [1], more: false }, "answers what is not understood"],
      [[], "does not answer"],
      [null, "does not answer"],
    ] as const
  ) {
    const [own, old] = channelPair();
    const greeted = FormerProcess.greet(own, false);
    await old.hears();
    if (answer === null) old.close();
    else await old.says(answer);
    await assertRejects(() => greeted, Error, reason);
    assertEquals(own.isClosed, true);
  }
});

Deno.test("ready() says whether the former process leaves", async () => {
  for (const answer of [{ left: true }, { left: 1 }, null]) {
    const [own, old] = channelPair();
    const greeted = FormerProcess.greet(own, false);
    await old.hears();
    await old.says({ pid: 7, held: [], more: false });
    const former = await greeted;
    const ready = former.ready({ listeners: ["127.0.0.1:1"], taken: [0, 2] });
    assertEquals(await old.hears(), { listeners: ["127.0.0.1:1"], taken: [0, 2] });
    if (answer === null) old.close();
    else await old.says(answer);
    const isLeaving = answer?.left === true;
    assertEquals([await ready, former.isLeaving, own.isClosed], [isLeaving, isLeaving, !isLeaving]);
    // It leaves until its end closes.
    old.close();
    await new Promise((resolve) => setTimeout(resolve));
    assertEquals([former.isLeaving, own.isClosed], [false, true]);
  }
});

Deno.test("ready() towards a process that is gone is no error", async () => {
  const [own, old] = channelPair();
  const greeted = FormerProcess.greet(own, false);
  await old.hears();
  await old.says({ pid: 7, held: [], more: false });
  const former = await greeted;
  old.close();
  assertEquals(await former.ready({ listeners: [], taken: [] }), false);
});
