/**
 * The proxy's own answers in the client's protocol, and its own questions to servers in the same: over a binary
 * client's connections servers are asked in binary.
 *
 * @module
 */
import { encodeText } from "../protocol/memcache/ascii.ts";
import { Operation } from "../protocol/memcache/binary/commands.ts";
import {
  Field,
  HEADER_BYTES,
  read16,
  read32,
  replyPacket,
  requestPacket,
  Status,
  statusOf,
  statusTexts,
} from "../protocol/memcache/binary/packet.ts";
import { lineReplies } from "../protocol/memcache/replies.ts";
import { LIST_PROFILE } from "../protocol/memcache/profiles.ts";
import type { Profile, RequestMark } from "../protocol/protocol.ts";
import type { Statistic } from "./statistics.ts";

/** One protocol's form of the proxy's own answers to clients, and of its own questions to servers. */
export interface Wire {
  /** A question for statistics; the words are those behind `stats`. */
  statsRequest(words: readonly string[]): Uint8Array;
  /** A question for the version. */
  readonly versionRequest: Uint8Array;
  /** The statistics in a server's reply; null where it is none. */
  readStatistics(reply: Uint8Array): Statistic[] | null;
  /** Over which connections servers are asked for lists of what they hold; null: over the client's usual ones. */
  readonly listProfile: Profile | null;
  /** Lists of what servers hold, one behind the other. */
  joinLists(replies: readonly Uint8Array[], mark: RequestMark): Uint8Array;
  /** A reply that is an answer of its own, as a client of this kind has to see it. */
  passOn(reply: Uint8Array, mark: RequestMark): Uint8Array;
  writeStatistics(statistics: readonly Statistic[], mark: RequestMark): Uint8Array;
  /** What a server says to statistics that it does not know. */
  writeUnknown(mark: RequestMark): Uint8Array;
  writeVersion(version: string, mark: RequestMark): Uint8Array;
}

const STATISTIC = /^STAT (\S+) (.*)$/;
const END = "END\r\n";
const decoder = new TextDecoder();

/** Lines. */
export const textWire: Wire = {
  statsRequest: (words) => encodeText(`${["stats", ...words].join(" ")}\r\n`),
  versionRequest: encodeText("version\r\n"),
  readStatistics: (reply) => {
    const text = decoder.decode(reply);
    if (!text.endsWith(END)) return null;
    return text.split("\r\n").flatMap((line) => {
      const found = STATISTIC.exec(line);
      return found === null ? [] : [[found[1]!, found[2]!] as const];
    });
  },
  listProfile: LIST_PROFILE,
  joinLists: (replies) =>
    // Keys need not be UTF-8.
    joined([...replies.map((reply) => reply.subarray(0, -END.length)), encodeText(END)]),
  passOn: (reply) => reply,
  writeStatistics: (statistics) =>
    encodeText(`${statistics.map(([name, value]) => `STAT ${name} ${value}\r\n`).join("")}${END}`),
  writeUnknown: () => lineReplies.error,
  writeVersion: (version) => encodeText(`VERSION ${version}\r\n`),
};

/** Packets. */
export const binaryWire: Wire = {
  statsRequest: (words) => requestPacket(Operation.Stat, encodeText(words.join(" "))),
  versionRequest: requestPacket(Operation.Version, statusTexts.nothing),
  readStatistics: readPackets,
  listProfile: null,
  joinLists: (replies, mark) =>
    binaryWire.writeStatistics(replies.flatMap((reply) => readPackets(reply) ?? []), mark),
  passOn: (reply, { opaque }) =>
    replyPacket(reply[Field.Operation]!, opaque, {
      status: statusOf(reply, 0),
      value: reply.subarray(HEADER_BYTES),
    }),
  writeStatistics: (statistics, { operation, opaque }) => {
    const packets = statistics.map(([name, value]) =>
      replyPacket(operation, opaque, { key: encodeText(name), value: encodeText(value) })
    );
    return joined([...packets, replyPacket(operation, opaque)]);
  },
  writeUnknown: ({ operation, opaque }) =>
    replyPacket(operation, opaque, { status: Status.NotFound, value: statusTexts.notFound }),
  writeVersion: (version, { operation, opaque }) =>
    replyPacket(operation, opaque, { value: encodeText(version) }),
};

function readPackets(reply: Uint8Array): Statistic[] | null {
  const statistics: Statistic[] = [];
  let position = 0;
  while (position + HEADER_BYTES <= reply.length) {
    if (statusOf(reply, position) !== Status.Success) return null;
    const key = position + HEADER_BYTES;
    const keyEnd = key + read16(reply, position + Field.KeyLength);
    const end = key + read32(reply, position + Field.BodyLength);
    if (keyEnd > key) {
      statistics.push([
        decoder.decode(reply.subarray(key, keyEnd)),
        decoder.decode(reply.subarray(keyEnd, end)),
      ]);
    }
    position = end;
  }
  return statistics;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}
