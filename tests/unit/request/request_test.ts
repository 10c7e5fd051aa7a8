import { failures } from "../../../src/failure.ts";
import { Exchange, NOBODY } from "../../../src/request/exchange.ts";
import { Fragment, Request, type RequestOwner } from "../../../src/request/request.ts";
import { assertEquals, assertStrictEquals } from "../../deps.ts";

class Owner implements RequestOwner {
  readonly heard: unknown[][] = [];

  requestReplied(...told: unknown[]): void {
    this.heard.push(["replied", ...told]);
  }

  requestFailed(...told: unknown[]): void {
    this.heard.push(["failed", ...told]);
  }

  requestRedirected(...told: unknown[]): void {
    this.heard.push(["redirected", ...told]);
  }

  requestGrows(...told: unknown[]): void {
    this.heard.push(["grows", ...told]);
  }
}

function begin(): { owner: Owner; request: Request; exchange: Exchange } {
  const owner = new Owner();
  const request = new Request();
  request.begin(owner, false, 1);
  const exchange = new Exchange();
  exchange.begin(request, 0, 0, false, NOBODY);
  request.exchange = exchange;
  return { owner, request, exchange };
}

Deno.test("a request passes on what becomes of its exchange", () => {
  const { owner, request, exchange } = begin();
  const bytes = new Uint8Array(4);
  request.onLargeReply(exchange, 100_000);
  request.onReply(exchange, bytes, 1, 3, true, false);
  request.onFailure(exchange, failures.backendTimeout, "host:1");
  assertEquals(owner.heard, [
    ["grows", request, 100_000],
    ["replied", request, exchange, bytes, 1, 3, true, false],
    ["failed", request, exchange, failures.backendTimeout, "host:1"],
  ]);
});

Deno.test("after a redirection the successor is the request's exchange", () => {
  const { owner, request, exchange } = begin();
  const successor = new Exchange();
  request.onRedirect(exchange, successor);
  assertStrictEquals(request.exchange, successor);
  assertEquals(owner.heard, [["redirected", request]]);
});

Deno.test("after a redirection the successor is its fragment's exchange", () => {
  const { request, exchange } = begin();
  request.exchange = null;
  const parts = [new Fragment(10, 0), new Fragment(20, 1)];
  request.split = {
    row: null as never,
    keyCount: 2,
    fragmentOfKey: new Int32Array(2),
    keyMarks: null,
    parts,
    due: 2,
    hasFailed: false,
    keptBytes: 0,
    window: null,
    takenBytes: 0,
  };
  exchange.fragment = 1;
  const successor = new Exchange();
  request.onRedirect(exchange, successor);
  assertEquals([parts[0]!.exchange, request.exchange], [null, null]);
  assertStrictEquals(parts[1]!.exchange, successor);
});

Deno.test("begin() clears the former life but for the generation", () => {
  const { owner, request } = begin();
  request.generation = 4;
  request.failure = failures.backendTimeout;
  request.failureAddress = "host:1";
  request.next = request;
  request.begin(owner, true, 2);
  assertEquals([request.generation, request.isQuiet, request.startedAtMs], [4, true, 2]);
  assertEquals(
    [request.failure, request.failureAddress, request.next, request.exchange],
    [null, "", null, null],
  );
});
