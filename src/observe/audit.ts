/**
 * The audit log: who logged in, who was denied what, and who asked for what is dangerous. Workers make the records and
 * post them to the supervisor, which writes them. Arguments of commands are left out, as they may be secrets.
 *
 * @module
 */
import type { Clock, Watched } from "../clock.ts";

/** Records a second that one cluster makes in one worker; further ones are counted. */
export const AUDIT_RECORDS_PER_SECOND = 200;
/** Characters of a name, key or channel that a record has. */
export const AUDIT_CHARACTERS_MAX = 256;

/** What happened. */
export type AuditEvent = "login" | "login_failed" | "denied" | "command" | "suppressed";

/** One record, as it is written. */
export interface AuditRecord {
  /** ISO 8601, in UTC. */
  readonly time: string;
  readonly event: AuditEvent;
  readonly cluster: string;
  /** Who the client is, or, where a login failed, who it wanted to be. */
  readonly user?: string;
  /** `host:port` of the client. */
  readonly address?: string;
  /** Its id. */
  readonly client?: number;
  /** The command's name, with its subcommand's. */
  readonly command?: string;
  /** Why it was denied: `command`, `key` or `channel`. */
  readonly reason?: string;
  /** What was denied. */
  readonly object?: string;
  /** Records that were left out. */
  readonly count?: number;
}

/** What a record says besides when, what and where. */
export type AuditFields = Omit<AuditRecord, "time" | "event" | "cluster">;

/** Makes the records of one cluster in one worker, at a bounded rate. */
export class Audit implements Watched {
  isWatched = false;
  readonly #clock: Clock | null;
  readonly #sink: ((record: AuditRecord) => void) | null;
  readonly #cluster: string;
  readonly #now: () => number;
  #windowStartMs = -Infinity;
  #written = 0;
  #leftOut = 0;

  /**
   * @param sink Takes the records; null: none are made.
   * @param clock Has what was left out said even where nothing comes behind it; null: nobody does.
   * @param now Milliseconds since 1970.
   */
  constructor(
    cluster: string,
    sink: ((record: AuditRecord) => void) | null,
    clock: Clock | null = null,
    now: () => number = Date.now,
  ) {
    this.#clock = clock;
    this.#cluster = cluster;
    this.#sink = sink;
    this.#now = now;
  }

  /** Whether records are made. */
  get isOn(): boolean {
    return this.#sink !== null;
  }

  /** Makes a record, or counts it. */
  write(event: AuditEvent, fields: AuditFields): void {
    if (this.#sink === null) return;
    const nowMs = this.#now();
    if (Math.abs(nowMs - this.#windowStartMs) >= 1_000) this.flush(nowMs);
    if (this.#written >= AUDIT_RECORDS_PER_SECOND) {
      this.#leftOut += 1;
      this.#clock?.watch(this);
      return;
    }
    this.#written += 1;
    this.#make(nowMs, event, fields);
  }

  onTick(): boolean {
    if (Math.abs(this.#now() - this.#windowStartMs) < 1_000) return true;
    this.flush();
    return false;
  }

  /** Says how many records were left out, if any were, and begins to count anew. */
  flush(nowMs: number = this.#now()): void {
    if (this.#leftOut > 0) this.#make(nowMs, "suppressed", { count: this.#leftOut });
    this.#windowStartMs = nowMs;
    this.#written = 0;
    this.#leftOut = 0;
  }

  #make(nowMs: number, event: AuditEvent, fields: AuditFields): void {
    const { object, user } = fields;
    this.#sink!({
      time: new Date(nowMs).toISOString(),
      event,
      cluster: this.#cluster,
      ...fields,
      ...user === undefined ? {} : { user: user.slice(0, AUDIT_CHARACTERS_MAX) },
      ...object === undefined ? {} : { object: object.slice(0, AUDIT_CHARACTERS_MAX) },
    });
  }
}
