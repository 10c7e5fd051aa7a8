/**
 * One request to several backends, whose replies are all looked at before the client is answered.
 *
 * @module
 */
import type { Backend } from "../../backend/backend.ts";
import type { Failure } from "../../failure.ts";
import { errorReply, failureReply } from "../../protocol/resp/write/replies.ts";
import type { LocalClient } from "../../session/stages.ts";
import { sendCall } from "./dedicated_call.ts";
import type { RedisContext } from "./feature.ts";

/** What is said where there is nobody to ask. */
export const NO_SERVER: Uint8Array = errorReply("ERR no server is known yet");

/** What one backend made of it: a reply, or the error that stands for its failure. */
export interface ShardReply {
  readonly backend: Backend;
  readonly bytes: Uint8Array;
  /** The same behind its RESP3 attributes, for whoever passes one reply on. */
  readonly attributed: Uint8Array;
  readonly isError: boolean;
}

/** Takes one backend's reply, by the backend's place in the list; so many bytes at its start are attributes. */
export type SettleShard = (
  index: number,
  attributed: Uint8Array,
  isError: boolean,
  attributeBytes?: number,
) => void;

/** Gathers a reply of each of `backends`, at least one; `done` is called once, in their order. */
export function gatherReplies(
  backends: readonly Backend[],
  done: (replies: readonly ShardReply[]) => void,
): SettleShard {
  const replies: ShardReply[] = [];
  let dueCount = backends.length;
  return (index, attributed, isError, attributeBytes = 0) => {
    const bytes = attributed.subarray(attributeBytes);
    replies[index] = { backend: backends[index]!, bytes, attributed, isError };
    dueCount -= 1;
    if (dueCount === 0) done(replies);
  };
}

/** Sends `request` over the client's usual connection to each backend; `done` is called once, in their order. */
export function callShards(
  context: RedisContext,
  client: LocalClient,
  backends: readonly Backend[],
  request: Uint8Array,
  done: (replies: readonly ShardReply[]) => void,
): void {
  if (backends.length === 0) return done([]);
  const settle = gatherReplies(backends, done);
  for (const [index, backend] of backends.entries()) {
    const connection = backend.connectionFor(client.number, client.profiles.master);
    sendCall(context, { connection, place: -1, client }, request, {
      replied: ({ exchange, bytes, attributesStart, start, end, isError }) => {
        if (isError) context.router.learn(exchange, bytes, start, end);
        settle(index, bytes.slice(attributesStart, end), isError, start - attributesStart);
      },
      failed: (failure: Failure, address) => settle(index, failureReply(failure, address), true),
    });
  }
}
