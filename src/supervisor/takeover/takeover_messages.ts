/**
 * What two processes say to each other at a takeover, a line of JSON each:
 *
 * ```text
 *   new                                          old
 *    │── hello ──────────────────────────────────►│
 *    │◄──────── sockets, with their descriptors ──│  or why not
 *    │   starts its workers; both accept          │
 *    │── ready, and where it listens ────────────►│
 *    │◄─────────────────────────────────── left ──│  its admin port and the socket of takeovers are free
 *    │                                            │  accepts nobody any more, drains
 *    │◄────────────── the end of the connection ──▼  ends
 * ```
 *
 * @module
 */

/** Raised when the messages change so that the former ones are not understood. */
export const TAKEOVER_VERSION = 1;

/** The new process, first. */
export interface HelloMessage {
  readonly takeover: number;
  readonly pid: number;
  /** Whether it can use sockets that it is given. */
  readonly takesSockets: boolean;
}

/** The old one cannot be taken over, and says why. */
export interface RefusalMessage {
  readonly refused: string;
}

/** What the old one listens by; as many descriptors come along. */
export interface SocketsMessage {
  readonly pid: number;
  /** Of each socket, whether somebody else holds it open, too. */
  readonly held: readonly boolean[];
  /** Whether another such message follows. */
  readonly more: boolean;
}

/** The new one serves. */
export interface ReadyMessage {
  /** Where it listens, as `host:port`. */
  readonly listeners: readonly string[];
  /** Which of the sockets it listens by, by their numbers from 0. */
  readonly taken: readonly number[];
}

/** The old one does not answer for itself any more. */
export interface LeftMessage {
  readonly left: true;
}

/** Reads a line; null where it is no message. Fields are to be looked at one by one. */
export function readMessage(line: string | null): Record<string, unknown> | null {
  if (line === null) return null;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : null;
  } catch {
    return null;
  }
}

/** Whether a value is an array of one kind of plain value. */
export function isArrayOf<Kind extends "string" | "number" | "boolean">(
  value: unknown,
  kind: Kind,
): value is (Kind extends "string" ? string : Kind extends "number" ? number : boolean)[] {
  return Array.isArray(value) && value.every((element) => typeof element === kind);
}
