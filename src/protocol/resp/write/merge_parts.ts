/**
 * What all merges ask of the parts, and say of those that are of no use.
 *
 * @module
 */
import type { SendLog } from "../../../bytes/send_log.ts";
import { failures } from "../../../failure.ts";
import type { MergeParts, ReplyPart } from "../../protocol.ts";
import { Type } from "../type.ts";
import { writeFailure } from "./replies.ts";

const CARRIAGE_RETURN = 0x0d;

/** Stands for a position in a part of which no more can be read: its keys get its error. */
export const BROKEN = -1;

/** Appends the first failure or error reply, if there is one. */
export function writeFirstError(merge: MergeParts, target: SendLog): boolean {
  for (const part of merge.parts) {
    if (part.failure !== null) {
      writeFailure(part.failure, part.address, target);
      return true;
    }
    if (isError(part)) {
      target.append(part.bytes, part.start, part.end);
      return true;
    }
  }
  return false;
}

/** Appends that this part made no sense. */
export function writeMalformed(part: ReplyPart, target: SendLog): void {
  writeFailure(failures.backendMalformed, part.address, target);
}

/** Whether a server has answered with an error. */
export function isError(part: ReplyPart): boolean {
  const type = part.bytes[part.start];
  return type === Type.Error || type === Type.BlobError;
}

/** Where the line that begins at `start` ends, or {@link BROKEN}. */
export function findLineEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let position = start; position < end - 1; position++) {
    if (bytes[position] === CARRIAGE_RETURN) return position;
  }
  return BROKEN;
}
