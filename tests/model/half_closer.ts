/**
 * A client of the model test that ends its input behind every few requests and reads on: what it has sent is carried
 * out up to the first request that would have to wait, and each element of its list goes to one reply.
 *
 * @module
 */
import { delay, withDeadline } from "../support/tools/poll.ts";
import { encodeCommand } from "../support/clients/resp_client.ts";
import type { Random } from "../support/tools/seed.ts";
import { ReplyStream, type RespReply, RespReplyReader } from "./reply_reader.ts";
import { Violation } from "./violation.ts";

const READ_BYTES = 16 * 1024;
const REQUESTS_MAX = 6;
/** Longest pause between two pieces, or before the end, in milliseconds. */
const PAUSE_MAX_MS = 3;
/** What the half-closing clients of a run have in common. */
export interface HalfCloserRules {
  readonly port: number;
  /** Whether each reply can be foretold: no fault, and no slot that moves. */
  readonly isExact: boolean;
  /** No element is lost: there are no faults. */
  readonly isCalm: boolean;
  /** Longest time from the end of its input until it is closed, in milliseconds. */
  readonly closingMaxMs: number;
}

/** What they counted together. */
export class HalfCloseCounts {
  connections = 0;
  pushed = 0;
  delivered = 0;
  /** Elements that were there at the end. */
  left = 0;

  toString(): string {
    const { connections, pushed, delivered, left } = this;
    return `${connections} half-closed (${pushed} pushed, ${delivered} delivered, ${left} left)`;
  }
}

type Step = { readonly kind: "push"; readonly element: string } | { readonly kind: "take" };

/** See above. */
export class HalfCloser {
  readonly #key: string;
  readonly #random: Random;
  readonly #rules: HalfCloserRules;
  readonly #counts: HalfCloseCounts;
  /** Elements that were sent and have not come back. */
  readonly #sent = new Set<string>();
  /** Those among them that are known to be in the list, oldest first. */
  #left: string[] = [];
  #number = 0;

  constructor(name: string, random: Random, rules: HalfCloserRules, counts: HalfCloseCounts) {
    this.#key = `half-closer:${name}`;
    this.#random = random;
    this.#rules = rules;
    this.#counts = counts;
  }

  /** Talks while `mayStart` says so, then takes what is left and looks where each element is. */
  async run(mayStart: () => boolean): Promise<void> {
    while (mayStart()) await this.#talk(this.#steps(), true);
    if (!this.#rules.isCalm) return;
    while (this.#left.length > 0) {
      const { length } = this.#left;
      await this.#talk([{ kind: "take" }], false);
      if (this.#left.length === length) {
        throw new Violation(`${this.#key}: elements are lost: ${this.#left.join(" ")}`);
      }
      this.#counts.left += 1;
    }
  }

  #steps(): Step[] {
    return Array.from({ length: this.#random.between(1, REQUESTS_MAX) }, (): Step => {
      if (this.#random.chance(0.5)) return { kind: "take" };
      this.#number += 1;
      const element = `e${this.#number}`;
      this.#sent.add(element);
      return { kind: "push", element };
    });
  }

  async #talk(steps: readonly Step[], isCounted: boolean): Promise<void> {
    const foretold = this.#foretell(steps);
    const replies = await this.#play(steps);
    this.#counts.connections += 1;
    if (replies.length > steps.length) {
      throw new Violation(`${this.#key}: ${replies.length} replies to ${steps.length} requests`);
    }
    for (const [index, reply] of replies.entries()) this.#judge(steps[index]!, reply, isCounted);
    const got = replies.map(show).join(" ");
    if (this.#rules.isExact && got !== foretold) {
      const sent = steps.map((step) => step.kind === "push" ? step.element : "take").join(" ");
      throw new Violation(`${this.#key}: sent ${sent}, got "${got}" instead of "${foretold}"`);
    }
  }

  /** What a server replies before it closes. */
  #foretell(steps: readonly Step[]): string {
    const list = [...this.#left];
    const told: string[] = [];
    for (const step of steps) {
      if (step.kind === "push") told.push(`:${list.push(step.element)}`);
      else if (list.length === 0) break;
      else told.push(list.shift()!);
    }
    return told.join(" ");
  }

  #judge(step: Step, reply: RespReply, isCounted: boolean): void {
    if (reply.type === "error") return;
    if (step.kind === "push") {
      this.#left.push(step.element);
      if (isCounted) this.#counts.pushed += 1;
      return;
    }
    const element = show(reply);
    if (!this.#sent.delete(element)) {
      throw new Violation(`${this.#key}: was given "${element}", which is not there`);
    }
    this.#left = this.#left.filter((one) => one !== element);
    if (isCounted) this.#counts.delivered += 1;
  }

  async #play(steps: readonly Step[]): Promise<RespReply[]> {
    const socket = await Deno.connect({ hostname: "127.0.0.1", port: this.#rules.port });
    socket.setNoDelay(true);
    const reading = readAll(socket);
    try {
      for (const step of steps) {
        await socket.write(this.#encode(step));
        if (this.#random.chance(0.2)) await delay(this.#random.below(PAUSE_MAX_MS));
      }
      if (this.#random.chance(0.4)) await delay(this.#random.below(PAUSE_MAX_MS));
      await socket.closeWrite();
    } catch {
      // The proxy was first, which the read finds out.
    }
    try {
      return await withDeadline(reading, "it is closed", this.#rules.closingMaxMs);
    } catch (error) {
      throw new Violation(`${this.#key}: ${error}`);
    } finally {
      socket.close();
    }
  }

  #encode(step: Step): Uint8Array {
    if (step.kind === "push") return encodeCommand(["RPUSH", this.#key, step.element]);
    return encodeCommand(["BLPOP", this.#key, this.#random.pick(["0", "5"])]);
  }
}

async function readAll(socket: Deno.TcpConn): Promise<RespReply[]> {
  const stream = new ReplyStream(new RespReplyReader());
  const buffer = new Uint8Array(READ_BYTES);
  const replies: RespReply[] = [];
  for (let count = await socket.read(buffer); count !== null; count = await socket.read(buffer)) {
    stream.push(buffer.subarray(0, count));
    for (let reply = stream.next(); reply !== null; reply = stream.next()) {
      replies.push(kept(reply));
    }
  }
  return replies;
}

/** A reply that stays as it is when more bytes come. */
function kept(reply: RespReply): RespReply {
  if (reply.type === "bulk") return { type: "bulk", bytes: reply.bytes.slice() };
  if (reply.type !== "array" && reply.type !== "map") return reply;
  return { type: reply.type, elements: reply.elements.map(kept) };
}

/** The element of a list in what BLPOP replies, and the length in what RPUSH replies. */
function show(reply: RespReply): string {
  switch (reply.type) {
    case "integer":
      return `:${reply.value}`;
    case "array":
    case "map":
      return reply.elements.map(show).at(-1) ?? "nothing";
    case "bulk":
      return new TextDecoder().decode(reply.bytes);
    case "null":
      return "null";
    default:
      return reply.text;
  }
}
