/**
 * SCRIPT KILL, FUNCTION KILL and FUNCTION STATS: over connections of their own, since on the usual ones they would wait
 * behind the very script that they are about.
 *
 * @module
 */
import { startsWith } from "../../bytes/starts_with.ts";
import type { Failure } from "../../failure.ts";
import { failureReply, OK_REPLY } from "../../protocol/resp/write/replies.ts";
import type { LocalClient } from "../../session/stages.ts";
import { DedicatedLink } from "../core/dedicated_link.ts";
import type { RedisContext } from "../core/feature.ts";
import { Refused } from "../core/refused.ts";
import { gatherReplies, NO_SERVER, type ShardReply } from "../core/shard_calls.ts";

const encoder = new TextEncoder();
const NOT_BUSY = encoder.encode("-NOTBUSY");
/** What FUNCTION STATS says first, in either version of the protocol, where nothing runs. */
const NOTHING_RUNS = [
  encoder.encode("*4\r\n$14\r\nrunning_script\r\n$-1\r\n"),
  encoder.encode("%2\r\n$14\r\nrunning_script\r\n_\r\n"),
];

/** Sends `request` to every server; OK if one of them ended something. */
export function killEverywhere(
  context: RedisContext,
  client: LocalClient,
  request: Uint8Array,
): Uint8Array | null {
  return askEverywhere(context, client, request, (told) => {
    if (told.some(({ isError }) => !isError)) return OK_REPLY;
    // That nothing runs only if that is so everywhere; else what is wrong.
    return (told.find(({ bytes }) => !beginsWith(bytes, NOT_BUSY)) ?? told[0]!).bytes;
  });
}

/** Sends `request`, a FUNCTION STATS, to every server: what runs anywhere, else what the first one says. */
export function statsEverywhere(
  context: RedisContext,
  client: LocalClient,
  request: Uint8Array,
): Uint8Array | null {
  return askEverywhere(context, client, request, (told) => {
    const running = told.find(({ bytes, isError }) =>
      !isError && !NOTHING_RUNS.some((start) => beginsWith(bytes, start))
    );
    return (running ?? told.find(({ isError }) => isError) ?? told[0]!).bytes;
  });
}

function askEverywhere(
  context: RedisContext,
  client: LocalClient,
  request: Uint8Array,
  merge: (told: readonly ShardReply[]) => Uint8Array,
): Uint8Array | null {
  const backends = context.router.shards();
  if (backends.length === 0) return NO_SERVER;
  const links = backends.map((backend) =>
    DedicatedLink.open(context, client, { place: -1, backend, lost: () => {} })
  );
  const late = client.answerLater();
  const settle = gatherReplies(backends, (told) => {
    const reply = merge(told);
    late.reply(reply);
  });
  for (const [index, link] of links.entries()) {
    if (link instanceof Refused) {
      settle(index, link.reply, true);
      continue;
    }
    link.send(request, {
      replied: ({ bytes, start, end, isError }) => {
        link.giveBack();
        settle(index, bytes.slice(start, end), isError);
      },
      failed: (failure: Failure, address) => {
        link.close();
        settle(index, failureReply(failure, address), true);
      },
    });
  }
  return null;
}

function beginsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return startsWith(bytes, 0, bytes.length, prefix);
}
