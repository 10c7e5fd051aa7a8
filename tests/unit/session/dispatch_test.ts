/**
 * A row's columns decide what becomes of a request; its name never does.
 *
 * @module
 */
import { ReceiveBuffer } from "../../../src/bytes/receive_buffer.ts";
import type { BackendConnection } from "../../../src/backend/connection.ts";
import { type Failure, failures } from "../../../src/failure.ts";
import { type Dialect, ParseStatus, PROFILES } from "../../../src/protocol/protocol.ts";
import type { Request, RequestOwner } from "../../../src/request/request.ts";
import { dispatch, type DispatchSession } from "../../../src/session/dispatch.ts";
import {
  Dispatched,
  type DispatchedCode,
  type LongDispatch,
} from "../../../src/session/long_dispatch.ts";
import { type ClientStage, type DeferredReply, Verdict } from "../../../src/session/stages.ts";
import { CoreRig, type RigOptions } from "../../support/rigs/core_rig.ts";
import { assertEquals } from "../../deps.ts";

const decoder = new TextDecoder();

/** Writes down what dispatch asks of a session. */
class RecordingSession implements DispatchSession, RequestOwner {
  readonly id = 1;
  readonly number = 1;
  profiles = PROFILES[2];
  dialect: Dialect;
  stage: ClientStage | null = null;
  isMuted = false;
  isMovingOn = false;
  hasRequestsInFlight = false;
  readonly hasEnded = false;
  readonly isClosed = false;
  readonly local = null;
  readonly peer = null;
  readonly connectedAtMs = 0;
  readonly lastRequestAtMs = 0;
  readonly lastRow = null;
  readonly output = { waitingBytes: 0 };
  readonly buffer: ReceiveBuffer;
  readonly heard: string[] = [];
  readonly #rig: CoreRig;

  constructor(rig: CoreRig) {
    this.#rig = rig;
    this.dialect = rig.context.protocol;
    this.buffer = new ReceiveBuffer(rig.context.arrays);
  }

  enqueue(isQuiet: boolean): Request {
    this.heard.push(isQuiet ? "enqueue quiet" : "enqueue");
    const request = this.#rig.requests.takeRequest();
    request.begin(this, isQuiet, 0);
    return request;
  }

  reply(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    this.heard.push(`reply ${decoder.decode(bytes.subarray(start, end)).trimEnd()}`);
  }

  answerLater(): DeferredReply {
    throw new Error("Dispatch answers nothing itself");
  }

  push(): void {}

  close(): void {}

  parseOn(): void {}

  closeWhenAnswered(): void {
    this.heard.push("close when answered");
  }

  leave(): void {}

  fail(_request: Request, failure: Failure, address: string): void {
    this.heard.push(`fail ${failure.name} ${address}`.trimEnd());
  }

  failFragment(_request: Request, fragment: number, failure: Failure, address: string): void {
    this.heard.push(`fail ${fragment} ${failure.name} ${address}`.trimEnd());
  }

  readonly isCongested = false;

  goOnLater(_work: LongDispatch): DispatchedCode {
    this.heard.push("goes on later");
    return Dispatched.GoesOn;
  }

  windowOpened(): void {}

  sentOver(_connection: BackendConnection): void {
    this.heard.push("congested");
  }

  requestReplied(): void {}

  requestFailed(request: Request, exchange: { fragment: number }, failure: Failure): void {
    const where = request.split === null ? "" : ` ${exchange.fragment}`;
    this.heard.push(`failed${where} ${failure.name}`);
  }

  requestRedirected(): void {}

  requestGrows(): void {}
}

/** Dispatches one line and returns what the session heard, with what the backends were sent. */
function dispatchLine(
  line: string,
  options: RigOptions = {},
  isBusy = false,
  stage: ClientStage | null = null,
) {
  using rig = new CoreRig(options);
  const session = new RecordingSession(rig);
  session.hasRequestsInFlight = isBusy;
  session.stage = stage;
  const { buffer } = session;
  const bytes = new TextEncoder().encode(`${line}\n`);
  for (let taken = 0; taken < bytes.length;) {
    buffer.prepare(bytes.length);
    const count = Math.min(bytes.length - taken, buffer.bytes.length - buffer.received);
    buffer.bytes.set(bytes.subarray(taken, taken + count), buffer.received);
    buffer.commit(count);
    taken += count;
  }
  const { frame, protocol } = rig.sessionContext;
  const parser = protocol.createRequestParser(frame);
  assertEquals(
    parser.parse(buffer.bytes, buffer.consumed, buffer.received),
    ParseStatus.Complete,
  );
  const isDone = dispatch(rig.sessionContext, session, frame) === Dispatched.Done;
  const sent = rig.backends.map((backend) => {
    const { log } = backend.connectionFor(1, PROFILES[2].master);
    let text = "";
    for (let part = log.handOver(); part !== null; part = log.handOver()) {
      text += decoder.decode(part);
      log.wrote(part.length);
    }
    return text;
  });
  for (const { signal } of rig.network.attempts) assertEquals(signal!.aborted, false);
  for (const backend of rig.backends) backend.close({ name: "end" } as Failure);
  return { heard: session.heard.filter((word) => !word.endsWith(" end")), sent, isDone };
}

Deno.test("one key: the whole request goes to the backend of its place", () => {
  assertEquals(dispatchLine("get a1"), {
    heard: ["enqueue"],
    sent: ["", "get a1\n"],
    isDone: true,
  });
  assertEquals(dispatchLine("put a0 v quiet").heard, ["enqueue quiet"]);
});

Deno.test("several keys of a request that cannot be split must share a place", () => {
  assertEquals(dispatchLine("both a1 b1").sent, ["", "both a1 b1\n"]);
  assertEquals(dispatchLine("both a1 b0").heard, ["enqueue", "fail keys_apart"]);
  assertEquals(dispatchLine("both a1 b9").heard, ["enqueue", "fail no_backend"]);
});

Deno.test("a request without keys goes anywhere", () => {
  assertEquals(dispatchLine("any").sent, ["", "any\n"]);
});

Deno.test("a request that is split goes out whole where one place has all keys", () => {
  assertEquals(dispatchLine("mget a1").sent, ["", "mget a1\n"]);
  assertEquals(dispatchLine("mget a1  b1").sent, ["", "mget a1  b1\n"]);
  assertEquals(dispatchLine("mget a1 b0 c1"), {
    heard: ["enqueue"],
    sent: ["mget b0\n", "mget a1 c1\n"],
    isDone: true,
  });
  assertEquals(dispatchLine("mget a1 b9").heard, ["enqueue", "fail no_backend"]);
});

Deno.test("a request that would be split is refused where that is asked for", () => {
  const { heard, sent } = dispatchLine("mget a1 b0 c1", { isAtomic: true });
  assertEquals([heard, sent], [["enqueue", "fail keys_apart"], ["", ""]]);
  assertEquals(dispatchLine("mget a1 b1", { isAtomic: true }).sent, ["", "mget a1 b1\n"]);
});

Deno.test("a request that must be rewritten is", () => {
  assertEquals(dispatchLine("rewrite a0").sent, ["rewritten a0\n", ""]);
});

Deno.test("a request above 64 KiB leaves with its array", () => {
  const line = `put a0 ${"v".repeat(100_000)}`;
  assertEquals(dispatchLine(line).sent[0] === `${line}\n`, true);
});

Deno.test("local answers, and refusals, send nothing", () => {
  assertEquals(dispatchLine("echo x"), { heard: ["reply x"], sent: ["", ""], isDone: true });
  assertEquals(dispatchLine("quit").heard, ["reply bye", "close when answered"]);
  assertEquals(dispatchLine("nonsense").heard, ["reply -unknown"]);
});

Deno.test("a barrier waits until nothing is in flight", () => {
  assertEquals(dispatchLine("wait", {}, true), { heard: [], sent: ["", ""], isDone: false });
  assertEquals(dispatchLine("wait").heard, ["reply waited"]);
});

Deno.test("a congested connection holds the session that sent over it", () => {
  const options = { limits: { queueSoftBytes: 5 } };
  assertEquals(dispatchLine("get a0", options).heard, ["enqueue", "congested"]);
  assertEquals(dispatchLine("mget a0 b1", options).heard, ["enqueue", "congested", "congested"]);
});

for (const [verdict, isDone] of [[Verdict.Handled, true], [Verdict.Wait, false]] as const) {
  Deno.test(`a stage that says ${verdict} keeps a request from its usual way`, () => {
    const seen: (string | undefined)[] = [];
    const stage: ClientStage = {
      onRequest: (_client, frame) => {
        seen.push(frame.row?.name);
        return verdict;
      },
      onInputEnd: () => false,
      onClose: () => {},
    };
    for (const line of ["get k0", "unheard of"]) {
      const outcome = dispatchLine(line, {}, false, stage);
      assertEquals([outcome.isDone, outcome.heard, outcome.sent], [isDone, [], ["", ""]]);
    }
    assertEquals(seen, ["get", undefined]);
  });
}

Deno.test("a stage may let a request pass", () => {
  const stage: ClientStage = {
    onRequest: () => Verdict.Pass,
    onInputEnd: () => false,
    onClose: () => {},
  };
  assertEquals(dispatchLine("get k1", {}, false, stage).sent, ["", "get k1\n"]);
});

Deno.test("what concerns every shard goes as it is to each, with a place of its own for each reply", () => {
  const outcome = dispatchLine("count", { backendCount: 3 });
  assertEquals(outcome.sent, ["count\n", "count\n", "count\n"]);
  assertEquals(outcome.heard, ["enqueue"]);
  assertEquals(dispatchLine("count", { backendCount: 1 }).sent, ["count\n"]);
  assertEquals(dispatchLine("count", { backendCount: 0 }).heard, ["enqueue", "fail no_backend"]);
});

Deno.test("what goes over connections of another kind moves its client there, once nothing is in flight", async () => {
  assertEquals(dispatchLine("apart a1", {}, true), { heard: [], sent: ["", ""], isDone: false });
  using rig = new CoreRig();
  const { session, conn } = rig.client();
  await conn.takesAll();
  await conn.receives("get a1\napart b1\nget c1\n");
  const plain = await rig.accept(1);
  await plain.takesAll();
  assertEquals([plain.takeWritten(), session.profiles], ["get a1\n", PROFILES[2]]);
  await plain.receives("A\n");
  const apart = await rig.accept(1);
  await apart.takesAll();
  assertEquals([apart.takeWritten(), session.profiles], ["apart b1\nget c1\n", PROFILES[3]]);
  await apart.receives("B\nC\n");
  assertEquals([conn.takeWritten(), plain.takeWritten()], ["A\nB\nC\n", ""]);
  session.close(failures.shuttingDown);
  await rig.ends();
});
