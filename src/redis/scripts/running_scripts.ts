/**
 * SCRIPT KILL, FUNCTION KILL and FUNCTION STATS: over connections of their own, since on the usual ones they would wait
 * behind the very script that they are about.
 *
 * @module
 */
import type { Failure } from "../../failure.ts";
import { errorReply, failureReply, OK_REPLY } from "../../protocol/resp/replies.ts";
import type { LocalClient } from "../../session/features.ts";
import { DedicatedLink } from "../dedicated_link.ts";
import type { RedisContext } from "../feature.ts";

const NO_SERVER = errorReply("ERR no server is known yet");
const encoder = new TextEncoder();
const NOT_BUSY = encoder.encode("-NOTBUSY");
/** What FUNCTION STATS says first, in either version of the protocol, where nothing runs. */
const NOTHING_RUNS = [
  encoder.encode("*4\r\n$14\r\nrunning_script\r\n$-1\r\n"),
  encoder.encode("%2\r\n$14\r\nrunning_script\r\n_\r\n"),
];

/** What one server says. */
interface Told {
  readonly bytes: Uint8Array;
  readonly isError: boolean;
}

/** Sends `request` to every server; OK if one of them ended something. */
export function killEverywhere(
  context: RedisContext,
  client: LocalClient,
  request: Uint8Array,
): Uint8Array | null {
  return askEverywhere(context, client, request, (told) => {
    if (told.some(({ isError }) => !isError)) return OK_REPLY;
    // That nothing runs only if that is so everywhere; else what is wrong.
    return (told.find(({ bytes }) => !startsWith(bytes, NOT_BUSY)) ?? told[0]!).bytes;
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
      !isError && !NOTHING_RUNS.some((start) => startsWith(bytes, start))
    );
    return (running ?? told.find(({ isError }) => isError) ?? told[0]!).bytes;
  });
}

function askEverywhere(
  context: RedisContext,
  client: LocalClient,
  request: Uint8Array,
  merge: (told: readonly Told[]) => Uint8Array,
): Uint8Array | null {
  const links = context.router.shards().map((backend) =>
    DedicatedLink.open(context, client, { place: -1, backend, lost: () => {} })
  );
  if (links.length === 0) return NO_SERVER;
  const late = client.answerLater();
  const told: Told[] = [];
  let dueCount = links.length;
  const settle = (index: number, answer: Told) => {
    told[index] = answer;
    dueCount -= 1;
    if (dueCount > 0) return;
    const reply = merge(told);
    late.reply(reply, 0, reply.length);
  };
  for (const [index, link] of links.entries()) {
    if (link instanceof Uint8Array) settle(index, { bytes: link, isError: true });
    else askOne(link, request, (answer) => settle(index, answer));
  }
  return null;
}

function askOne(link: DedicatedLink, request: Uint8Array, settle: (told: Told) => void): void {
  link.send(request, {
    replied: ({ bytes, start, end, isError }) => {
      link.giveBack();
      settle({ bytes: bytes.slice(start, end), isError });
    },
    failed: (failure: Failure, address) => {
      link.close();
      settle({ bytes: failureReply(failure, address), isError: true });
    },
  });
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, index) => bytes[index] === byte);
}
