/**
 * SCRIPT KILL and FUNCTION KILL: over connections of their own, since on the usual ones they would wait behind the
 * very script that they are to end.
 *
 * @module
 */
import type { Failure } from "../../failure.ts";
import { errorReply, failureReply, OK_REPLY } from "../../protocol/resp/replies.ts";
import type { LateReply, LocalClient } from "../../session/features.ts";
import { DedicatedLink } from "../dedicated_link.ts";
import type { RedisContext } from "../feature.ts";

const NO_SERVER = errorReply("ERR no server is known yet");
const NOT_BUSY = new TextEncoder().encode("-NOTBUSY");

/** What one server says: nothing where the script was ended. */
type Refusal = Uint8Array | null;

/** Sends `request` to every server; OK if one of them ended something. */
export function killEverywhere(
  context: RedisContext,
  client: LocalClient,
  request: Uint8Array,
): Uint8Array | null {
  const links = context.router.shards().map((backend) =>
    DedicatedLink.open(context, client, { place: -1, backend, lost: () => {} })
  );
  if (links.length === 0) return NO_SERVER;
  const late = client.answerLater();
  const refusals: Refusal[] = [];
  const settle = (refusal: Refusal) => {
    refusals.push(refusal);
    if (refusals.length === links.length) answer(late, refusals);
  };
  for (const link of links) {
    if (link instanceof Uint8Array) settle(link);
    else askOne(link, request, settle);
  }
  return null;
}

function askOne(
  link: DedicatedLink,
  request: Uint8Array,
  settle: (refusal: Refusal) => void,
): void {
  link.send(request, {
    replied: ({ bytes, start, end, isError }) => {
      link.giveBack();
      settle(isError ? bytes.slice(start, end) : null);
    },
    failed: (failure: Failure, address) => {
      link.close();
      settle(failureReply(failure, address));
    },
  });
}

/** OK if any was ended, else what is wrong, and that nothing runs only if that is so everywhere. */
function answer(late: LateReply, refusals: readonly Refusal[]): void {
  const reply = refusals.includes(null)
    ? OK_REPLY
    : refusals.find((refusal) => !isNotBusy(refusal!)) ?? refusals[0]!;
  late.reply(reply, 0, reply.length);
}

function isNotBusy(refusal: Uint8Array): boolean {
  return NOT_BUSY.every((byte, index) => refusal[index] === byte);
}
