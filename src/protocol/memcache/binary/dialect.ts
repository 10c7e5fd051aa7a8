/**
 * The binary protocol as clients speak it. Backends get no quiet requests, so that each has a reply to wait
 * for; what that says decides whether the client hears of it.
 *
 * @module
 */
import type { SendLog } from "../../../bytes/send_log.ts";
import type { Failure } from "../../../failure.ts";
import type { Dialect, MergeParts, RequestFrame, RequestMark } from "../../protocol.ts";
import { encodeText } from "../ascii.ts";
import { failureText } from "../replies.ts";
import { BINARY_PROFILES } from "../profiles.ts";
import { loudOf, Operation, rowOf } from "./commands.ts";
import { Field, isErrorStatus, replyPacket, Status, statusOf } from "./packet.ts";
import { BinaryRequestParser } from "./request_parser.ts";
import { CommandFlag } from "../../command_table.ts";

/** Makes the dialect; it has no state. */
export function createBinaryDialect(): Dialect {
  return {
    profiles: BINARY_PROFILES,
    createRequestParser: (frame) => new BinaryRequestParser(frame),
    writeRequest,
    rewriteInPlace,
    writeFragment: () => {
      throw new Error("Cannot write a fragment: no binary request has several keys");
    },
    writeMerged,
    writeFailure,
    breaksSilence,
    isErrorReply,
  };
}

/** Appends a quiet request as the one it is a quiet form of. */
function writeRequest(frame: RequestFrame, bytes: Uint8Array, target: SendLog): void {
  const byteCount = frame.end - frame.start;
  const chunk = target.append(bytes, frame.start, frame.end);
  chunk.bytes[chunk.filled - byteCount + Field.Operation] = loudOf(frame.operation);
}

function rewriteInPlace(frame: RequestFrame, bytes: Uint8Array): boolean {
  bytes[frame.start + Field.Operation] = loudOf(frame.operation);
  return true;
}

/** A miss is not for who asked quietly for a value, nor success for who did something quietly. */
function breaksSilence(mark: RequestMark, bytes: Uint8Array, start: number, _end: number): boolean {
  const status = statusOf(bytes, start);
  if (status === (asksForValue(mark.operation) ? Status.NotFound : Status.Success)) return false;
  bytes[start + Field.Operation] = mark.operation;
  return true;
}

function isErrorReply(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start > Field.Status + 1 && isErrorStatus(statusOf(bytes, start));
}

function asksForValue(operation: number): boolean {
  const row = rowOf(operation)!;
  return (row.flags & CommandFlag.Read) !== 0 || row.name.startsWith("gat");
}

/** Appends the first failure or error of a request to every server, or what all say. */
function writeMerged({ parts }: MergeParts, target: SendLog, mark: RequestMark): void {
  for (const { failure, address, bytes, start, end } of parts) {
    if (failure !== null) return writeFailure(failure, address, target, mark);
    if (isErrorStatus(statusOf(bytes, start))) {
      bytes[start + Field.Operation] = mark.operation;
      target.append(bytes, start, end);
      return;
    }
  }
  const { bytes, start, end } = parts[0]!;
  if (!mark.isQuiet) target.append(bytes, start, end);
}

/** Appends a temporary failure; its text says which backend and why. */
function writeFailure(
  failure: Failure,
  address: string,
  target: SendLog,
  { operation, opaque }: RequestMark,
): void {
  const value = encodeText(failureText(failure, address));
  const status = Status.TemporaryFailure;
  const reply = replyPacket(Math.max(operation, Operation.Get), opaque, { status, value });
  target.append(reply, 0, reply.length);
}
