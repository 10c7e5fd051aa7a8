/**
 * A wire format small enough to read in a test: requests are lines of words, replies are lines. It has
 * whatever the proxy's core tells apart, and nothing else.
 *
 * ```text
 *   get KEY · put KEY VALUE [quiet] · mget KEY… · del KEY… · both KEY KEY · any · count · wipe · rewrite KEY · apart KEY · echo TEXT · quit · wait
 *   reply: TEXT\n   error: -TEXT\n   push: >TEXT\n   malformed: !   large: $BYTES\n and that many bytes
 * ```
 *
 * @module
 */
import type { SendLog } from "../../../src/bytes/send_log.ts";
import { type Failure, failures } from "../../../src/failure.ts";
import {
  Action,
  type CommandDefinition,
  CommandFlag,
  type CommandRow,
  createCommandTable,
  Merge,
} from "../../../src/protocol/command_table.ts";
import {
  type KeySelection,
  type LongMerge,
  type MergeParts,
  ParseStatus,
  type ParseStatusCode,
  type Profile,
  PROFILES,
  type Protocol,
  ReplyFrame,
  ReplyKind,
  type ReplyParser,
  type RequestFrame,
  type RequestParser,
} from "../../../src/protocol/protocol.ts";
import type { LocalAnswers, LocalClient } from "../../../src/session/stages.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const LINE_FEED = 10;

const nothing: CommandDefinition = {
  name: "",
  arity: -1,
  flags: 0,
  action: Action.Forward,
  firstKey: 0,
  lastKey: 0,
  keyStep: 1,
  keyFinder: null,
  merge: Merge.None,
  refusal: null,
};
const oneKey = { ...nothing, arity: 2, firstKey: 1, lastKey: 1 };
const manyKeys = { ...nothing, arity: -2, firstKey: 1, lastKey: -1 };

const definitions: CommandDefinition[] = [
  { ...oneKey, name: "get", flags: CommandFlag.Read },
  { ...oneKey, name: "put", arity: -3, flags: CommandFlag.Write },
  { ...oneKey, name: "rewrite", flags: CommandFlag.Write },
  { ...oneKey, name: "apart", action: Action.ForwardApart },
  { ...oneKey, name: "run", flags: CommandFlag.Write | CommandFlag.Script },
  {
    ...manyKeys,
    name: "mget",
    flags: CommandFlag.Read,
    action: Action.Split,
    merge: Merge.Elements,
  },
  { ...manyKeys, name: "del", flags: CommandFlag.Write, action: Action.Split, merge: Merge.Sum },
  { ...manyKeys, name: "both" },
  { ...nothing, name: "any" },
  {
    ...nothing,
    name: "count",
    flags: CommandFlag.Read,
    action: Action.EveryShard,
    merge: Merge.Sum,
  },
  {
    ...nothing,
    name: "wipe",
    flags: CommandFlag.Write,
    action: Action.EveryShard,
    merge: Merge.Sum,
  },
  { ...nothing, name: "echo", action: Action.Local },
  { ...nothing, name: "quit", action: Action.Local },
  { ...nothing, name: "wait", flags: CommandFlag.Barrier, action: Action.Local },
];

/** The protocol. */
export class LineProtocol implements Protocol {
  readonly profiles = PROFILES[2];
  readonly profilesApart = PROFILES[3];
  readonly commands = createCommandTable(definitions);
  readonly probe = encoder.encode("probe\n");
  readonly tooManyClients = encoder.encode("too many clients\n");
  readonly tooManyFromAddress = encoder.encode("too many from this address\n");
  readonly #handshake: readonly string[];

  /** @param handshake Lines that go first on each connection; each must be answered `ok`. */
  constructor(handshake: readonly string[] = []) {
    this.#handshake = handshake;
  }

  isErrorReply(bytes: Uint8Array, start: number, end: number): boolean {
    return end > start && bytes[start] === 0x2d;
  }

  handshake(_profile: Profile): readonly Uint8Array[] {
    return this.#handshake.map((line) => encoder.encode(`${line}\n`));
  }

  handshakeFailure(bytes: Uint8Array, start: number, end: number): Failure | null {
    return text(bytes, start, end) === "ok\n" ? null : failures.handshakeRefused;
  }

  isProbeAccepted(bytes: Uint8Array, start: number, end: number): boolean {
    return text(bytes, start, end) === "pong\n";
  }

  requestWords(_row: CommandRow, bytes: Uint8Array, start: number, end: number): Uint8Array[] {
    return text(bytes, start, end).trimEnd().split(" ").map((word) => encoder.encode(word));
  }

  createRequestParser(frame: RequestFrame): RequestParser {
    return new LineRequestParser(frame, this);
  }

  createReplyParser(): ReplyParser {
    return new LineReplyParser();
  }

  writeRequest(frame: RequestFrame, bytes: Uint8Array, target: SendLog): void {
    write(target, `rewritten ${word(frame, bytes, 1)}\n`);
  }

  writeFragment(frame: RequestFrame, bytes: Uint8Array, keys: KeySelection, target: SendLog): void {
    let line = word(frame, bytes, 0);
    for (let key = keys.firstKey; key >= 0; key = keys.nextKey[key]!) {
      line += ` ${word(frame, bytes, frame.firstKey + key)}`;
    }
    write(target, `${line}\n`);
  }

  writeMerged(merge: MergeParts, target: SendLog): void {
    const replies = repliesOf(merge);
    if (merge.row.merge === Merge.Sum) {
      const error = replies.find((reply) => reply.startsWith("-"));
      const sum = replies.reduce((total, reply) => total + Number(reply), 0);
      return write(target, `${error ?? sum}\n`);
    }
    // One by one, as a real protocol does it: a large reply takes several chunks.
    for (const element of mergedElements(merge, replies)) write(target, element);
  }

  beginMerge(merge: MergeParts): LongMerge | null {
    if (merge.row.merge !== Merge.Elements) return null;
    const elements = mergedElements(merge, repliesOf(merge));
    return {
      writeSome: (target, keyCount) => {
        for (const element of elements.splice(0, keyCount)) write(target, element);
        return elements.length === 0;
      },
    };
  }

  writeFailure(failure: Failure, address: string, target: SendLog): void {
    write(target, address === "" ? `-${failure.name}\n` : `-${failure.name} ${address}\n`);
  }

  foreignProtocol(_firstByte: number): string | null {
    return null;
  }
}

function repliesOf(merge: MergeParts): string[] {
  return merge.parts.map((part) =>
    part.failure === null
      ? text(part.bytes, part.start, part.end - 1)
      : `-${part.failure.name} ${part.address}`
  );
}

/** The reply, key by key. */
function mergedElements(merge: MergeParts, replies: readonly string[]): string[] {
  const elements = replies.map((reply) => reply.split(","));
  const merged: string[] = [];
  for (let key = 0; key < merge.keyCount; key++) {
    const part = merge.fragmentOfKey[key]!;
    const hasFailed = merge.parts[part]!.failure !== null;
    const element = hasFailed ? replies[part]! : elements[part]!.shift()!;
    merged.push(`${key === 0 ? "" : ","}${element}`);
  }
  merged.push("\n");
  return merged;
}

/** Answers `echo`, `quit` and `wait`, which is a barrier. */
export class LineAnswers implements LocalAnswers {
  /** Clients that have connected. */
  readonly clients: LocalClient[] = [];
  isStopped = false;

  onConnect(client: LocalClient): void {
    this.clients.push(client);
  }

  stop(): void {
    this.isStopped = true;
  }

  answer(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): boolean {
    const name = frame.row!.name;
    const reply = name === "echo" ? word(frame, bytes, 1) : name === "quit" ? "bye" : "waited";
    const replyBytes = encoder.encode(`${reply}\n`);
    client.reply(replyBytes);
    if (name === "quit") client.closeWhenAnswered();
    return true;
  }
}

class LineRequestParser implements RequestParser {
  readonly frame: RequestFrame;
  frameBytes = 0;
  keepFrom = 0;
  readonly #protocol: LineProtocol;

  constructor(frame: RequestFrame, protocol: LineProtocol) {
    this.frame = frame;
    this.#protocol = protocol;
  }

  parse(bytes: Uint8Array, start: number, end: number): ParseStatusCode {
    const { frame } = this;
    frame.refusal = null;
    if (bytes[start] === 0x21) {
      frame.refusal = encoder.encode("-malformed\n");
      return ParseStatus.Malformed;
    }
    const lineEnd = endOfLine(bytes, start, end);
    if (lineEnd < 0) {
      this.keepFrom = start;
      this.frameBytes = end - start + 1;
      return ParseStatus.Incomplete;
    }
    frame.start = start;
    frame.end = lineEnd;
    this.#findWords(bytes, start, lineEnd - 1);
    this.#describe(bytes);
    return ParseStatus.Complete;
  }

  #findWords(bytes: Uint8Array, start: number, end: number): void {
    const { frame } = this;
    const offsets: number[] = [];
    let from = start;
    for (let position = start; position <= end; position++) {
      if (position < end && bytes[position] !== 0x20) continue;
      if (position > from) offsets.push(from - start, position - start);
      from = position + 1;
    }
    frame.offsets = Int32Array.from(offsets);
    frame.argumentCount = offsets.length / 2;
  }

  #describe(bytes: Uint8Array): void {
    const { frame } = this;
    const count = frame.argumentCount;
    frame.extraKey = -1;
    frame.keyStep = 1;
    frame.row = count === 0
      ? null
      : this.#protocol.commands.find(bytes, frame.argumentStart(0), frame.argumentEnd(0));
    if (frame.row === null) {
      frame.refusal = encoder.encode("-unknown\n");
      return;
    }
    const { name, firstKey, lastKey } = frame.row;
    frame.firstKey = firstKey;
    frame.keyCount = firstKey === 0 ? 0 : (lastKey < 0 ? count + lastKey : lastKey) - firstKey + 1;
    frame.isQuiet = word(frame, bytes, count - 1) === "quiet";
    frame.isRewritten = name === "rewrite";
  }
}

class LineReplyParser implements ReplyParser {
  readonly frame = new ReplyFrame();
  frameBytes = 0;
  keepFrom = 0;
  #skipBytes = 0;

  parse(bytes: Uint8Array, start: number, end: number, isDiscarded: boolean): ParseStatusCode {
    // Known from the first byte on. What is skipped goes on being what it began as.
    if (this.#skipBytes === 0) {
      this.frame.kind = bytes[start] === 0x3e ? ReplyKind.Push : ReplyKind.Reply;
    }
    if (this.#skipBytes > 0) return this.#skip(start, end);
    if (bytes[start] === 0x21) return ParseStatus.Malformed;
    const lineEnd = endOfLine(bytes, start, end);
    if (lineEnd < 0) return this.#incomplete(start, end - start + 1);
    const isLarge = bytes[start] === 0x24;
    const total = isLarge
      ? lineEnd - start + Number(text(bytes, start + 1, lineEnd - 1))
      : lineEnd - start;
    if (end - start < total && isDiscarded) {
      this.#skipBytes = total;
      return this.#skip(start, end);
    }
    if (end - start < total) return this.#incomplete(start, total);
    this.frame.end = start + total;
    this.frame.isError = bytes[start] === 0x2d;
    return ParseStatus.Complete;
  }

  reset(): void {
    this.#skipBytes = 0;
  }

  #incomplete(keepFrom: number, frameBytes: number): ParseStatusCode {
    this.keepFrom = keepFrom;
    this.frameBytes = frameBytes;
    return ParseStatus.Incomplete;
  }

  #skip(start: number, end: number): ParseStatusCode {
    const skipped = Math.min(this.#skipBytes, end - start);
    this.#skipBytes -= skipped;
    if (this.#skipBytes > 0) return this.#incomplete(start + skipped, this.#skipBytes);
    this.frame.end = start + skipped;
    this.frame.isError = false;
    return ParseStatus.Complete;
  }
}

function endOfLine(bytes: Uint8Array, start: number, end: number): number {
  const at = bytes.subarray(start, end).indexOf(LINE_FEED);
  return at < 0 ? -1 : start + at + 1;
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return decoder.decode(bytes.subarray(start, end));
}

function word(frame: RequestFrame, bytes: Uint8Array, index: number): string {
  return text(bytes, frame.argumentStart(index), frame.argumentEnd(index));
}

function write(target: SendLog, line: string): void {
  const bytes = encoder.encode(line);
  target.append(bytes, 0, bytes.length);
}
