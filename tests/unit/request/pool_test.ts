import type { Exchange } from "../../../src/request/exchange.ts";
import { ExchangeState, NOBODY } from "../../../src/request/exchange.ts";
import { RequestPool } from "../../../src/request/pool.ts";
import { type RequestOwner, RequestState } from "../../../src/request/request.ts";
import { Chunk } from "../../../src/bytes/chunk_pool.ts";
import { failures } from "../../../src/failure.ts";
import { RecordingReceiver } from "../../support/fakes/recording_receiver.ts";
import { assertEquals, assertStrictEquals, assertThrows } from "../../deps.ts";

const owner: RequestOwner = {
  requestReplied: () => {},
  requestFailed: () => {},
  requestRedirected: () => {},
  requestGrows: () => {},
};

Deno.test("a released request comes back free, of another generation, and with nothing of its former life", () => {
  const pool = new RequestPool();
  const request = pool.takeRequest();
  request.begin(owner, true, 5);
  const { generation } = request;
  request.failure = failures.backendTimeout;
  request.chunk = new Chunk(new Uint8Array(1));
  request.exchange = pool.takeExchange();
  pool.releaseRequest(request);
  assertEquals(request.state, RequestState.Free);
  assertEquals(request.generation, generation + 1);
  assertEquals([request.owner, request.next, request.exchange, request.split], Array(4).fill(null));
  assertEquals([request.chunk, request.failure], [null, null]);
  assertStrictEquals(pool.takeRequest(), request);
});

Deno.test("releasing a request twice throws", () => {
  const pool = new RequestPool();
  const request = pool.takeRequest();
  request.begin(owner, false, 0);
  pool.releaseRequest(request);
  assertThrows(() => pool.releaseRequest(request), Error, "Cannot release request: it is free");
});

Deno.test("releasing a request that was never begun throws", () => {
  const pool = new RequestPool();
  assertThrows(() => pool.releaseRequest(pool.takeRequest()), Error, "it is free");
});

Deno.test("a released exchange holds on to nobody", () => {
  const pool = new RequestPool();
  const exchange = begun(pool);
  exchange.client = { number: 9, profiles: NOBODY.profiles };
  exchange.chunk = new Chunk(new Uint8Array(1));
  pool.releaseExchange(exchange);
  assertEquals(
    [exchange.state, exchange.receiver, exchange.chunk],
    [ExchangeState.Free, null, null],
  );
  assertStrictEquals(exchange.client, NOBODY);
  assertStrictEquals(pool.takeExchange(), exchange);
});

Deno.test("releasing an exchange twice throws, swallowed or not", () => {
  const pool = new RequestPool();
  for (const isSwallowed of [false, true]) {
    const exchange = begun(pool);
    if (isSwallowed) exchange.swallow();
    pool.releaseExchange(exchange);
    assertThrows(
      () => pool.releaseExchange(exchange),
      Error,
      "Cannot release exchange: it is free",
    );
    pool.takeExchange();
  }
});

function begun(pool: RequestPool): Exchange {
  const exchange = pool.takeExchange();
  exchange.begin(new RecordingReceiver(), 0, 0, false, NOBODY);
  return exchange;
}

Deno.test("exchanges in use are those that were taken and have not come back", () => {
  const pool = new RequestPool();
  const exchanges = Array.from({ length: 100 }, () => begun(pool));
  assertEquals(pool.exchangesInUse, 100);
  for (const exchange of exchanges) pool.releaseExchange(exchange);
  assertEquals(pool.exchangesInUse, 0);
});
