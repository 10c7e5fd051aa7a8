/**
 * What a protocol's folder of session features plugs into sessions: answers the proxy gives itself.
 *
 * @module
 */
import type { Profiles, RequestFrame } from "../protocol/protocol.ts";

/** A client as local answers see it. */
export interface LocalClient {
  /** Unique over all workers of the cluster; below 2^53. */
  readonly id: number;
  /** What it negotiated at HELLO; set by the answer to a request that is a barrier. */
  profiles: Profiles;
  /** Gives the reply to the request at hand, exactly once; it leaves in its turn. */
  reply(bytes: Uint8Array, start: number, end: number): void;
  /** Reads no further requests; closes when everything due is answered. */
  closeWhenAnswered(): void;
}

/** The answers of one cluster to requests whose row says `local`. */
export interface LocalAnswers {
  /** Answers `frame`, which stands in `bytes`, by calling `client.reply` once. */
  answer(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): void;
}
