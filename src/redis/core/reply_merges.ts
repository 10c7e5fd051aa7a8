/**
 * How whole replies of several servers become one, for rare commands whose replies the session does not merge.
 *
 * @module
 */
import { concatenate } from "../../bytes/copy.ts";
import { NOT_A_NUMBER, readDecimal } from "../../protocol/resp/decimal.ts";
import { integerReply } from "../../protocol/resp/write/replies.ts";

const CARRIAGE_RETURN = 0x0d;
const LINE_END_BYTES = 2;
const encoder = new TextEncoder();

/** Makes one reply of several, none of them an error; there is at least one. */
export type ReplyMerge = (replies: readonly Uint8Array[]) => Uint8Array;

/** `agg_sum`: the sum of integers. */
export const summedReplies: ReplyMerge = (replies) =>
  integerReply(replies.reduce((sum, reply) => sum + headNumber(reply), 0));

/** The elements of arrays, one server's behind another's. */
export const joinedReplies: ReplyMerge = (replies) => {
  const count = replies.reduce((sum, reply) => sum + headNumber(reply), 0);
  const elements = replies.map((reply) => reply.subarray(headEnd(reply) + LINE_END_BYTES));
  return concatenate([encoder.encode(`*${count}\r\n`), ...elements]);
};

/** The number in the first line of an integer or an array; 0 where there is none. */
function headNumber(reply: Uint8Array): number {
  const number = readDecimal(reply, 1, headEnd(reply));
  return number === NOT_A_NUMBER ? 0 : number;
}

function headEnd(reply: Uint8Array): number {
  return reply.indexOf(CARRIAGE_RETURN);
}
