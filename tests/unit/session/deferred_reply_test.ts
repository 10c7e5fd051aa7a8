/**
 * A late answer reaches the request it was made for, or nobody.
 *
 * @module
 */
import { type Failure, failures } from "../../../src/failure.ts";
import type { CommandRow } from "../../../src/protocol/command_table.ts";
import { RequestPool } from "../../../src/request/pool.ts";
import { type Request, type RequestOwner, RequestState } from "../../../src/request/request.ts";
import { type DeferredReplyOwner, QueuedReply } from "../../../src/session/deferred_reply.ts";
import { assertEquals } from "../../deps.ts";

class Owner implements DeferredReplyOwner {
  readonly heard: string[] = [];

  settle(
    request: Request,
    row: CommandRow | null,
    bytes: Uint8Array,
    start: number,
    end: number,
    isOwned: boolean,
  ): void {
    assertEquals(row, null);
    request.state = RequestState.Answered;
    this.heard.push(`${new TextDecoder().decode(bytes.subarray(start, end))} ${isOwned}`);
  }

  settlePart(bytes: Uint8Array, start: number, end: number): void {
    this.heard.push(`part ${new TextDecoder().decode(bytes.subarray(start, end))}`);
  }

  settleFailed(
    request: Request,
    row: CommandRow | null,
    failure: Failure,
    address: string,
  ): void {
    assertEquals(row, null);
    request.state = RequestState.Answered;
    this.heard.push(`${failure.name} ${address}`);
  }
}

function scene() {
  const pool = new RequestPool();
  const request = pool.takeRequest();
  request.begin({} as RequestOwner, false, 0);
  const owner = new Owner();
  return { pool, request, owner, late: new QueuedReply(owner, request, null) };
}

const bytes = new TextEncoder().encode("(late)");

Deno.test("a late answer is given once", () => {
  const { owner, late } = scene();
  assertEquals(late.isDue, true);
  late.reply(bytes, 1, 5);
  late.reply(bytes, 1, 5, true);
  late.fail(failures.noBackend, "");
  assertEquals([owner.heard, late.isDue], [["late false"], false]);
});

Deno.test("parts come before the reply, and none behind it or where no reply is wanted", () => {
  const { request, owner, late } = scene();
  late.part(bytes, 1, 3);
  request.isQuiet = true;
  late.part(bytes, 2, 3);
  late.reply(bytes, 3, 5);
  late.part(bytes, 1, 5);
  assertEquals(owner.heard, ["part la", "te false"]);
});

Deno.test("a late failure is given once", () => {
  const { owner, late } = scene();
  late.fail(failures.noBackend, "h:1");
  late.reply(bytes, 1, 5);
  assertEquals(owner.heard, ["no_backend h:1"]);
});

Deno.test("nothing reaches a client that has the recycled request now", () => {
  const { pool, request, owner, late } = scene();
  pool.releaseRequest(request);
  const next = pool.takeRequest();
  next.begin({} as RequestOwner, false, 0);
  assertEquals(next === request, true);
  late.reply(bytes, 1, 5);
  late.fail(failures.noBackend, "");
  assertEquals([owner.heard, late.isDue], [[], false]);
});
