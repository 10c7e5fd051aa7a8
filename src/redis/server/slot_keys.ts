/**
 * CLUSTER COUNTKEYSINSLOT and GETKEYSINSLOT: the slot's owner is asked, over the client's usual connection to it, so
 * that what it wrote before is counted. It is the owner that the slot map names: servers answer for their own keys and
 * redirect neither, so of a slot that has just moved the former owner says that it has none.
 *
 * @module
 */
import { SLOT_COUNT } from "../../hash/mod.ts";
import { errorReply, failureReply, NOT_AN_INTEGER } from "../../protocol/resp/write/replies.ts";
import { sendCall } from "../core/dedicated_call.ts";
import type { RedisContext } from "../core/feature.ts";
import { readInteger } from "../core/integer.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { copyRequest } from "../core/request_copy.ts";

const INVALID_SLOT = errorReply("ERR Invalid slot");
const INVALID_SLOT_OR_COUNT = errorReply("ERR Invalid slot or number of keys");

/** Answers one of the two, whose words are counted already: the error, or null where the owner answers. */
export function slotKeysAnswer(context: RedisContext, request: LocalRequest): Uint8Array | null {
  const { client, words } = request;
  const numbers = words.slice(2).map(readInteger);
  if (numbers.includes(null)) return NOT_AN_INTEGER;
  const [slot, count] = numbers as bigint[];
  const isSlot = slot! >= 0n && slot! < SLOT_COUNT;
  if (count === undefined ? !isSlot : !isSlot || count < 0n) {
    return count === undefined ? INVALID_SLOT : INVALID_SLOT_OR_COUNT;
  }
  const { router } = context;
  const place = Number(slot);
  const backend = router.backendAt(place);
  if (backend === null) return failureReply(router.whyUnplaced(place), "");
  const late = client.answerLater(true);
  const connection = backend.connectionFor(client.number, client.profiles.master);
  sendCall(context, { connection, place, client }, copyRequest(request), {
    replied: ({ bytes, start, end, isOwned }) => late.reply(bytes, start, end, isOwned),
    failed: (failure, address) => late.fail(failure, address),
  });
  return null;
}
