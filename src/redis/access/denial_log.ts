/**
 * ACL LOG: the last denials and wrong passwords. As a server has it, what is alike within a minute is one entry.
 *
 * @module
 */
import {
  arrayReply,
  bulkBytesReply,
  bulkReply,
  integerReply,
} from "../../protocol/resp/write/replies.ts";
import { mapReply } from "../core/reply_builder.ts";
import { bytesOfText } from "../pubsub/push_frame.ts";

/** Entries that each worker keeps; a server's default. */
export const ENTRIES_MAX = 128;
/** For so long what is alike is counted, milliseconds. */
export const GROUPING_MS = 60_000;
/** Characters of a key, a channel or a user name that are kept: strangers may name any. */
export const OBJECT_CHARACTERS_MAX = 256;

/** What is denied, and to whom. */
export interface LoggedDenial {
  readonly reason: "command" | "key" | "channel" | "auth";
  readonly context: "toplevel" | "multi";
  /** With one character a byte. */
  readonly object: string;
  readonly username: string;
}

/** One entry; plain data, as workers tell each other theirs. */
export interface DenialEntry extends LoggedDenial {
  count: number;
  /** The client's line in CLIENT LIST, at the first denial of the entry. */
  readonly clientInfo: string;
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
  updatedMs: number;
}

/** The last denials in one worker. */
export class DenialLog {
  /** The latest first. */
  #entries: DenialEntry[] = [];
  #nextId = 0;

  /** The latest first. */
  get entries(): readonly DenialEntry[] {
    return this.#entries;
  }

  /**
   * Notes a denial.
   *
   * @param nowMs Milliseconds since 1970.
   * @param describe The client's line; asked for where the denial is like no other.
   */
  add(denial: LoggedDenial, nowMs: number, describe: () => string): void {
    const object = denial.object.slice(0, OBJECT_CHARACTERS_MAX);
    const username = denial.username.slice(0, OBJECT_CHARACTERS_MAX);
    const index = this.#entries.findIndex((entry) =>
      nowMs - entry.createdMs <= GROUPING_MS && isAlike(entry, { ...denial, object, username })
    );
    const entry = index < 0
      ? {
        ...denial,
        object,
        username,
        count: 0,
        clientInfo: describe(),
        id: this.#nextId++,
        createdMs: nowMs,
        updatedMs: nowMs,
      }
      : this.#entries.splice(index, 1)[0]!;
    entry.count += 1;
    entry.updatedMs = nowMs;
    this.#entries.unshift(entry);
    if (this.#entries.length > ENTRIES_MAX) this.#entries.pop();
  }

  /** Forgets them. */
  reset(): void {
    this.#entries = [];
  }
}

/** The reply to ACL LOG: the latest `count` of the entries of all workers. */
export function denialsReply(
  entries: readonly DenialEntry[],
  count: number,
  nowMs: number,
  version: 2 | 3,
): Uint8Array {
  const latest = entries.toSorted((one, other) => other.updatedMs - one.updatedMs);
  return arrayReply(latest.slice(0, count).map((entry) => entryReply(entry, nowMs, version)));
}

function entryReply(entry: DenialEntry, nowMs: number, version: 2 | 3): Uint8Array {
  const { count, reason, context, object, username, clientInfo, id, createdMs, updatedMs } = entry;
  return mapReply([
    ["count", integerReply(count)],
    ["reason", bulkReply(reason)],
    ["context", bulkReply(context)],
    ["object", rawText(object)],
    ["username", rawText(username)],
    ["age-seconds", bulkReply(((nowMs - createdMs) / 1000).toFixed(3))],
    ["client-info", bulkReply(clientInfo)],
    ["entry-id", integerReply(id)],
    ["timestamp-created", integerReply(Math.round(createdMs))],
    ["timestamp-last-updated", integerReply(Math.round(updatedMs))],
  ], version);
}

function isAlike(one: LoggedDenial, other: LoggedDenial): boolean {
  return one.reason === other.reason && one.context === other.context &&
    one.object === other.object && one.username === other.username;
}

function rawText(text: string): Uint8Array {
  const bytes = bytesOfText(text);
  return bulkBytesReply(bytes, 0, bytes.length);
}
