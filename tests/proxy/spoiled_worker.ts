/**
 * A checked worker that spoils the object which the query of its own URL names, as a bug would.
 *
 * @module
 */
import { BackendConnection } from "../../src/backend/connection.ts";
import { ChunkPool } from "../../src/bytes/chunk_pool.ts";
import { Clock } from "../../src/clock.ts";
import { FlushQueue } from "../../src/net/flush_queue.ts";
import { HeldRequests } from "../../src/redis/transaction/held_requests.ts";
import { RequestPool } from "../../src/request/pool.ts";
import { ReplyQueue } from "../../src/session/reply_queue.ts";
import "../support/programs/checked_worker.ts";

const spoilers: Record<string, () => void> = {
  session() {
    const { push } = ReplyQueue.prototype;
    ReplyQueue.prototype.push = function (request) {
      push.call(this, request);
      this.size += 1;
    };
  },
  connection() {
    const { enqueue } = BackendConnection.prototype;
    BackendConnection.prototype.enqueue = function (exchange, chunk, byteCount) {
      enqueue.call(this, exchange, chunk, byteCount);
      if (exchange.row !== null) this.inflight.markSent();
    };
  },
  transaction() {
    Object.defineProperty(HeldRequests.prototype, "heldBytes", { value: 1 });
  },
  writing() {
    FlushQueue.prototype.add = () => {};
  },
  deadline() {
    Clock.prototype.watch = () => {};
  },
  exchange() {
    const { releaseExchange } = RequestPool.prototype;
    RequestPool.prototype.releaseExchange = function (exchange) {
      releaseExchange.call(this, exchange);
      exchange.redirects += 1;
    };
  },
  request() {
    const { releaseRequest } = RequestPool.prototype;
    RequestPool.prototype.releaseRequest = function (request) {
      releaseRequest.call(this, request);
      releaseRequest.call(this, request);
    };
  },
  chunk() {
    const { release } = ChunkPool.prototype;
    ChunkPool.prototype.release = function (chunk) {
      const { bytes } = chunk;
      release.call(this, chunk);
      bytes[7] = 0x21;
    };
  },
};

spoilers[new URL(import.meta.url).search.slice(1)]!();
