/**
 * The memcache text protocol.
 *
 * @module
 */
import type { Protocol } from "../protocol.ts";
import { encodeText, startsWith } from "./ascii.ts";
import { BINARY_MAGIC } from "./binary_refusal.ts";
import { MemcacheCommands } from "./commands.ts";
import { writeFragment, writeRequest } from "./fragments.ts";
import { LongValues, writeMergedValues } from "./merge.ts";
import { writeFailure } from "./replies.ts";
import { MemcacheReplyParser } from "./reply_parser.ts";
import { LineJudge } from "./request_line.ts";
import { MemcacheRequestParser } from "./request_parser.ts";

const PROBE = encodeText("version\r\n");
const PROBE_ANSWER = encodeText("VERSION ");

/** Makes the text protocol as memcached 1.6.18 speaks it. */
export function createMemcacheProtocol(): Protocol {
  const commands = new MemcacheCommands();
  const judge = new LineJudge(commands);
  return {
    commands,
    handshake: () => [],
    handshakeFailure: () => null,
    probe: PROBE,
    isProbeAccepted: (bytes, start, end) => startsWith(bytes, start, end, PROBE_ANSWER),
    createRequestParser: (frame) => new MemcacheRequestParser(frame, judge),
    createReplyParser: () => new MemcacheReplyParser(),
    writeRequest,
    writeFragment,
    writeMerged: writeMergedValues,
    beginMerge: (merge) => new LongValues(merge),
    writeFailure,
    foreignProtocol: (firstByte) => firstByte === BINARY_MAGIC ? "memcache binary" : null,
  };
}
