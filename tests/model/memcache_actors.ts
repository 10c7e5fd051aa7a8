/**
 * Clients of memcache's binary protocol and of its meta commands, in a run of the model test: each reply names the
 * request that it is to, by its opaque, so one that is another's, or that comes twice, or is missing shows at once.
 *
 * @module
 */
import { delay, withDeadline } from "../support/tools/poll.ts";
import type { Random } from "../support/tools/seed.ts";
import { request } from "../unit/protocol/memcache/binary/packets.ts";
import { toBytes, toText } from "../unit/protocol/memcache/parse_stream.ts";
import { HANG_MS } from "./model_client.ts";
import { Violation } from "./violation.ts";

/** What the actors of a run have in common. */
export interface ActorRules {
  readonly port: number;
  /** Whether errors have no reason. */
  readonly isCalm: boolean;
}

/** What they counted together. */
export class ActorCounts {
  connections = 0;
  replies = 0;
  errors = 0;
  /** Connections that were closed with replies due. */
  cut = 0;

  toString(): string {
    const { connections, replies, errors, cut } = this;
    return `${replies} replies to actors on ${connections} connections (${errors} errors, ${cut} cut off)`;
  }
}

/** What is expected of one request. */
interface Due {
  readonly opaque: number;
  readonly key: string;
  /** Whether no reply means that it was carried out, or that there was nothing. */
  readonly isQuiet: boolean;
  readonly isRead: boolean;
}

/** A reply, whatever its form. */
interface Reply {
  readonly opaque: number;
  readonly isError: boolean;
  readonly value: string | null;
}

const KEYS = 12;
const BATCH_MAX = 20;
const HEADER_BYTES = 24;
const STATUS_ERRORS_FROM = 0x80;

const Operation = { Get: 0x00, Set: 0x01, Noop: 0x0a, GetQuietly: 0x09, SetQuietly: 0x11 } as const;

/** One actor; its keys are its own. */
export class MemcacheActor {
  readonly #name: string;
  readonly #isBinary: boolean;
  readonly #random: Random;
  readonly #rules: ActorRules;
  readonly #counts: ActorCounts;
  #opaque = 0;
  #number = 0;
  /** Errors that name no request, since the last reply that does. */
  #looseErrors = 0;

  constructor(
    name: string,
    isBinary: boolean,
    random: Random,
    rules: ActorRules,
    counts: ActorCounts,
  ) {
    this.#name = name;
    this.#isBinary = isBinary;
    this.#random = random;
    this.#rules = rules;
    this.#counts = counts;
  }

  /** Talks until told otherwise. */
  async run(mayGoOn: () => boolean): Promise<void> {
    while (mayGoOn()) {
      const { port } = this.#rules;
      const connection = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => null);
      // A listener that went has reset it before it was accepted.
      if (connection === null) {
        await delay(10);
        continue;
      }
      this.#counts.connections += 1;
      try {
        for (let batch = 0; batch < 50 && mayGoOn(); batch++) {
          if (!await this.#talk(connection)) break;
          if (this.#random.chance(0.1)) await delay(this.#random.between(0, 20));
        }
      } finally {
        connection.close();
      }
    }
  }

  /** One batch, ended by what is answered behind all of it; false where the connection is gone. */
  async #talk(connection: Deno.TcpConn): Promise<boolean> {
    const due: Due[] = [];
    this.#looseErrors = 0;
    let text = "";
    for (let count = this.#random.between(1, BATCH_MAX); count > 0; count--) {
      const one = this.#draw();
      due.push(one.due);
      text += one.text;
    }
    const last = this.#opaque += 1;
    text += this.#isBinary ? request({ operation: Operation.Noop, opaque: last }) : "mn\r\n";
    const bytes = toBytes(text);
    const sending = (async () => {
      for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
    })().catch(() => {});
    const isWhole = await this.#readBatch(connection, due, last);
    await sending;
    if (!isWhole) this.#counts.cut += 1;
    return isWhole;
  }

  #draw(): { due: Due; text: string } {
    const random = this.#random;
    const opaque = this.#opaque += 1;
    const key = `${this.#name}-${random.below(KEYS)}`;
    const isQuiet = random.chance(0.4);
    const isRead = random.chance(0.6);
    const value = `${key}:${this.#number += 1}:${
      "v".repeat(random.below(random.chance(0.02) ? 90_000 : 60))
    }`;
    return {
      due: { opaque, key, isQuiet, isRead },
      text: this.#isBinary
        ? binaryText({ opaque, key, isQuiet, isRead }, value)
        : metaText({ opaque, key, isQuiet, isRead }, value),
    };
  }

  async #readBatch(
    connection: Deno.TcpConn,
    due: Due[],
    last: number,
  ): Promise<boolean> {
    let unread = "";
    const bytes = new Uint8Array(65_536);
    for (;;) {
      const taken = this.#isBinary ? takePacket(unread) : takeMeta(unread, last);
      if (taken === null) {
        const count = await withDeadline(
          connection.read(bytes).catch(() => null),
          `${this.#name}: a reply to ${
            due[0]?.opaque ?? last
          } arrives, with ${due.length} due and ` +
            `${unread.length} bytes of the next`,
          HANG_MS,
        );
        if (count === null) return false;
        unread += toText(bytes.slice(0, count));
        continue;
      }
      unread = unread.slice(taken.length);
      if (taken.reply.opaque !== last) {
        this.#take(taken.reply, due);
        continue;
      }
      this.#skip(due, due.length);
      if (unread !== "") throw new Violation(`${this.#name}: replies behind the last one`);
      return true;
    }
  }

  /** Replies come in order; quiet requests may have none. */
  #take({ opaque, isError, value }: Reply, due: Due[]): void {
    this.#counts.replies += 1;
    if (isError) {
      this.#counts.errors += 1;
      if (this.#rules.isCalm) throw new Violation(`${this.#name}: an error to ${opaque}`);
      if (Number.isNaN(opaque)) {
        this.#looseErrors += 1;
        return;
      }
    }
    const index = due.findIndex((one) => one.opaque === opaque);
    if (index < 0) throw new Violation(`${this.#name}: a reply to ${opaque}, which is not due`);
    this.#skip(due, index);
    const one = due.shift()!;
    if (one.isRead && !isError && value !== null && !value.startsWith(`${one.key}:`)) {
      throw this.#violation(`another's value ${value.slice(0, 60)}`, one);
    }
  }

  /** The first `count` have no reply that names them: they are quiet, or an error without a name was theirs. */
  #skip(due: Due[], count: number): void {
    const skipped = due.splice(0, count);
    const missing = skipped.filter(({ isQuiet }) => !isQuiet);
    if (missing.length > this.#looseErrors) throw this.#violation("no reply", missing[0]!);
    if (this.#looseErrors > skipped.length) {
      throw new Violation(`${this.#name}: more errors than requests`);
    }
    this.#looseErrors = 0;
  }

  #violation(what: string, { key, opaque, isRead, isQuiet }: Due): Violation {
    const kind = `${isQuiet ? "quiet " : ""}${isRead ? "read" : "write"}`;
    return new Violation(`${this.#name}: ${what} to the ${kind} ${opaque} of ${key}`);
  }
}

function binaryText({ opaque, key, isQuiet, isRead }: Due, value: string): string {
  if (isRead) {
    return request({ operation: isQuiet ? Operation.GetQuietly : Operation.Get, opaque, key });
  }
  const operation = isQuiet ? Operation.SetQuietly : Operation.Set;
  return request({ operation, opaque, key, value, extras: "\0".repeat(8) });
}

function metaText({ opaque, key, isQuiet, isRead }: Due, value: string): string {
  const flags = `O${opaque}${isQuiet ? " q" : ""}`;
  return isRead ? `mg ${key} v ${flags}\r\n` : `ms ${key} ${value.length} ${flags}\r\n${value}\r\n`;
}

function takePacket(text: string): { reply: Reply; length: number } | null {
  if (text.length < HEADER_BYTES) return null;
  const view = new DataView(toBytes(text.slice(0, HEADER_BYTES)).buffer);
  if (view.getUint8(0) !== 0x81) {
    throw new Violation(`no packet: ${JSON.stringify(text.slice(0, 40))}`);
  }
  const length = HEADER_BYTES + view.getUint32(8);
  if (text.length < length) return null;
  const status = view.getUint16(6);
  const body = text.slice(HEADER_BYTES + view.getUint8(4) + view.getUint16(2), length);
  return {
    reply: {
      opaque: view.getUint32(12),
      isError: status >= STATUS_ERRORS_FROM,
      value: status === 0 && body !== "" ? body : null,
    },
    length,
  };
}

/** Errors of lines have no opaque: the request that they are to is not known, but that none is missing shows later. */
function takeMeta(text: string, last: number): { reply: Reply; length: number } | null {
  const end = text.indexOf("\r\n");
  if (end < 0) return null;
  const line = text.slice(0, end);
  if (line === "MN") {
    return { reply: { opaque: last, isError: false, value: null }, length: end + 2 };
  }
  const [, opaque] = /(?:^| )O(\d+)(?: |$)/.exec(line) ?? [];
  if (/^(SERVER_ERROR|CLIENT_ERROR|ERROR)/.test(line)) {
    return { reply: { opaque: NaN, isError: true, value: null }, length: end + 2 };
  }
  if (opaque === undefined) throw new Violation(`a reply without its opaque: ${line}`);
  const reply = { opaque: Number(opaque), isError: false };
  if (!line.startsWith("VA ")) return { reply: { ...reply, value: null }, length: end + 2 };
  const length = Number(line.split(" ")[1]);
  const whole = end + 2 + length + 2;
  if (text.length < whole) return null;
  return { reply: { ...reply, value: text.slice(end + 2, end + 2 + length) }, length: whole };
}
