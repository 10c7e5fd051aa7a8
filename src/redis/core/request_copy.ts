/**
 * Copies of requests that are sent later, or elsewhere, than the client's bytes allow.
 *
 * @module
 */
import { arrayReply, bulkBytesReply } from "../../protocol/resp/write/replies.ts";
import type { LocalRequest } from "./local_request.ts";

/** The request as a backend shall see it: inline requests in the form of all others. */
export function copyRequest(request: LocalRequest): Uint8Array {
  const { frame, bytes } = request;
  if (!frame.isRewritten) return bytes.slice(frame.start, frame.end);
  const words = Array.from({ length: request.wordCount }, (_, index) => request.raw(index));
  return arrayReply(words.map((word) => bulkBytesReply(word, 0, word.length)));
}
