/**
 * What every {@link Protocol} promises, whatever its bytes look like: however a stream is cut, its parsers
 * find the same frames; what they ask for is possible; what they let go is not needed; parsers that share a
 * frame do not disturb each other.
 *
 * The stream comes as sockets deliver it: into an array that is replaced from time to time, at positions that
 * change, with other bytes behind it.
 *
 * @module
 */
import {
  ParseStatus,
  type ParseStatusCode,
  PROFILES,
  type Protocol,
  ReplyKind,
  RequestFrame,
  type RequestParser,
} from "../../src/protocol/protocol.ts";
import { assert, assertEquals } from "../deps.ts";
import { evenCuts, randomCuts } from "../support/tools/random_cuts.ts";
import { type Random, seededRandom } from "../support/tools/seed.ts";

/** A stream of requests. */
export interface RequestCase {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The words of the requests in the stream, one text a word; left out where only cutting matters. */
  readonly words?: readonly (readonly string[])[];
  /** The stream ends in bytes that cannot be understood; their answer, or null for none. */
  readonly malformed?: string | null;
}

/** A stream of replies. */
export interface ReplyCase {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The frames in the stream, one text a frame. */
  readonly frames?: readonly string[];
  /** The stream ends in bytes that cannot be understood. */
  readonly isMalformed?: boolean;
}

/** What a protocol brings to its contract. */
export interface ProtocolContract {
  readonly name: string;
  createProtocol(): Protocol;
  readonly requests: readonly RequestCase[];
  readonly replies: readonly ReplyCase[];
  /** A whole request, parsed in between by another client. */
  readonly otherRequest: Uint8Array;
}

/** How often each case is cut at random. */
const RANDOM_RUNS = 20;
/** A case this long is not cut byte by byte. */
const BYTEWISE_LIMIT_BYTES = 20_000;
/** What stands behind the bytes received, and must not be read. */
const FILLER = 0x0a;

const decoder = new TextDecoder("latin1");

/** Defines the tests. */
export function testProtocolContract(contract: ProtocolContract): void {
  for (const request of contract.requests) {
    Deno.test(`${contract.name} request: ${request.name}`, () => checkRequests(contract, request));
  }
  for (const reply of contract.replies) {
    Deno.test(`${contract.name} reply: ${reply.name}`, () => checkReplies(contract, reply));
  }
}

function checkRequests(contract: ProtocolContract, request: RequestCase): void {
  const { bytes } = request;
  const whole = requestFrames(contract, bytes, [bytes.length], null);
  if (request.words !== undefined) assertEquals(whole.map((frame) => frame.words), request.words);
  if (request.malformed !== undefined) {
    assertEquals(whole.at(-1)?.malformed, request.malformed);
  } else {
    assert(whole.every((frame) => frame.malformed === undefined), "found malformed");
  }
  eachCut(`${contract.name} request: ${request.name}`, bytes, (cuts, random) => {
    assertEquals(requestFrames(contract, bytes, cuts, random), whole, `cut into ${cuts}`);
  });
}

function checkReplies(contract: ProtocolContract, reply: ReplyCase): void {
  const { bytes } = reply;
  const whole = replyFrames(contract, bytes, [bytes.length], null, 0);
  if (reply.frames !== undefined) assertEquals(whole.map((frame) => frame.text), reply.frames);
  assertEquals(whole.at(-1)?.isMalformed === true, reply.isMalformed === true);
  eachCut(`${contract.name} reply: ${reply.name}`, bytes, (cuts, random) => {
    assertEquals(replyFrames(contract, bytes, cuts, random, 0), whole, `cut into ${cuts}`);
    for (const keptPieces of [0, random.below(cuts.length)]) {
      const discarded = replyFrames(contract, bytes, cuts, random, 1, keptPieces);
      assertEquals(
        discarded.map(({ kind, isError, isMalformed, end }) => [kind, isError, isMalformed, end]),
        whole.map(({ kind, isError, isMalformed, end }) => [kind, isError, isMalformed, end]),
        `discarded, cut into ${cuts}`,
      );
    }
  });
}

/** Calls `check` with the cut byte by byte and with random ones. */
function eachCut(
  name: string,
  bytes: Uint8Array,
  check: (cuts: number[], random: Random) => void,
): void {
  const random = seededRandom(name);
  if (bytes.length <= BYTEWISE_LIMIT_BYTES) check(evenCuts(bytes.length, 1), random);
  for (let run = 0; run < RANDOM_RUNS; run++) check(randomCuts(random, bytes.length), random);
}

/** A request as a test can compare it. */
interface SeenRequest {
  words: string[];
  row: string | null;
  keys: string[];
  extraKey: string | null;
  refusal: string | null;
  isQuiet: boolean;
  isRewritten: boolean;
  /** Where it ends in the stream. */
  end: number;
  /** Set for the bytes that could not be understood: their answer. */
  malformed?: string | null;
}

function requestFrames(
  contract: ProtocolContract,
  bytes: Uint8Array,
  cuts: number[],
  random: Random | null,
): SeenRequest[] {
  const protocol = contract.createProtocol();
  const frame = new RequestFrame();
  const parser = protocol.createRequestParser(frame);
  const other = protocol.createRequestParser(frame);
  const stream = new Stream(bytes, random);
  const seen: SeenRequest[] = [];
  for (const length of cuts) {
    stream.receive(length);
    if (random?.chance(0.5)) parseOther(other, contract.otherRequest);
    for (;;) {
      const status = parser.parse(stream.bytes, stream.start, stream.end);
      if (status === ParseStatus.Incomplete) {
        stream.release(parser.keepFrom, parser.frameBytes);
        break;
      }
      if (status === ParseStatus.Malformed) {
        seen.push(malformedRequest(frame));
        return seen;
      }
      seen.push(seeRequest(frame, stream));
      // A request that has to wait for another one is parsed again.
      if (random?.chance(0.2)) {
        assertEquals(parser.parse(stream.bytes, stream.start, stream.end), ParseStatus.Complete);
        assertEquals(seeRequest(frame, stream), seen.at(-1));
      }
      stream.consume(frame.end);
      if (stream.start === stream.end) break;
    }
  }
  assertEquals(stream.pending, 0, "bytes are left over");
  return seen;
}

function parseOther(parser: RequestParser, request: Uint8Array): void {
  const status: ParseStatusCode = parser.parse(request.slice(), 0, request.length);
  assertEquals(status, ParseStatus.Complete, "the other client's request is whole");
}

function seeRequest(frame: RequestFrame, stream: Stream): SeenRequest {
  const words: string[] = [];
  for (let word = 0; word < frame.argumentCount; word++) {
    const start = frame.argumentStart(word);
    const end = frame.argumentEnd(word);
    assert(stream.start <= start && start <= end && end <= frame.end, "word within its frame");
    words.push(decoder.decode(stream.bytes.subarray(start, end)));
  }
  assert(frame.start >= stream.start && frame.end <= stream.end, "frame within what was received");
  const keys: string[] = [];
  for (let key = 0; key < frame.keyCount; key++) {
    keys.push(words[frame.firstKey + key * frame.keyStep]!);
  }
  return {
    words,
    row: frame.row?.name ?? null,
    keys,
    extraKey: frame.extraKey < 0 ? null : words[frame.extraKey]!,
    refusal: frame.refusal === null ? null : decoder.decode(frame.refusal),
    isQuiet: frame.isQuiet,
    isRewritten: frame.isRewritten,
    end: stream.offsetOf(frame.end),
  };
}

function malformedRequest(frame: RequestFrame): SeenRequest {
  return {
    words: [],
    row: null,
    keys: [],
    extraKey: null,
    refusal: null,
    isQuiet: false,
    isRewritten: false,
    end: 0,
    malformed: frame.refusal === null ? null : decoder.decode(frame.refusal),
  };
}

/** A reply as a test can compare it. */
interface SeenReply {
  text: string;
  kind: number;
  isError: boolean;
  isMalformed: boolean;
  end: number;
}

/** Parses replies; with `isDiscarded` 1 they are unwanted, from piece `keptPieces` of the stream on. */
function replyFrames(
  contract: ProtocolContract,
  bytes: Uint8Array,
  cuts: number[],
  random: Random | null,
  isDiscarded: 0 | 1,
  keptPieces: number = 0,
): SeenReply[] {
  const parser = contract.createProtocol().createReplyParser(PROFILES[2].master);
  const { frame } = parser;
  const stream = new Stream(bytes, random);
  const seen: SeenReply[] = [];
  for (let piece = 0; piece < cuts.length; piece++) {
    stream.receive(cuts[piece]!);
    for (;;) {
      const isUnwanted = isDiscarded === 1 && piece >= keptPieces;
      const status = parser.parse(stream.bytes, stream.start, stream.end, isUnwanted);
      if (status === ParseStatus.Incomplete) {
        stream.release(parser.keepFrom, parser.frameBytes);
        break;
      }
      if (status === ParseStatus.Malformed) {
        seen.push({ text: "", kind: ReplyKind.Reply, isError: false, isMalformed: true, end: 0 });
        return seen;
      }
      const text = decoder.decode(stream.bytes.subarray(stream.start, frame.end));
      const end = stream.offsetOf(frame.end);
      seen.push({ text, kind: frame.kind, isError: frame.isError, isMalformed: false, end });
      stream.consume(frame.end);
      if (stream.start === stream.end) break;
    }
  }
  assertEquals(stream.pending, 0, "bytes are left over");
  return seen;
}

/** The part of a byte stream that was received and not consumed, in an array that moves. */
class Stream {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  readonly #all: Uint8Array;
  readonly #random: Random | null;
  /** Where {@link Stream.start} is in the whole stream. */
  #consumed = 0;

  constructor(all: Uint8Array, random: Random | null) {
    this.#all = all;
    this.#random = random;
  }

  get pending(): number {
    return this.end - this.start;
  }

  offsetOf(position: number): number {
    return this.#consumed + position - this.start;
  }

  /** More bytes arrive, in another array at another position. */
  receive(length: number): void {
    const received = this.#consumed + this.pending;
    const margin = this.#random === null ? 0 : this.#random.below(8);
    const next = new Uint8Array(margin + this.pending + length + margin).fill(FILLER);
    next.set(this.bytes.subarray(this.start, this.end), margin);
    next.set(this.#all.subarray(received, received + length), margin + this.pending);
    this.end = margin + this.pending + length;
    this.start = margin;
    this.bytes = next;
  }

  consume(position: number): void {
    assert(position > this.start && position <= this.end, "a frame ends within what was received");
    this.#consumed += position - this.start;
    this.start = position;
  }

  /** The parser needs more: everything before `keepFrom` is overwritten. */
  release(keepFrom: number, frameBytes: number): void {
    assert(keepFrom >= this.start && keepFrom <= this.end, "keepFrom within what was received");
    assert(frameBytes > this.end - keepFrom, "asks for more than there is");
    this.bytes.fill(FILLER, this.start, keepFrom);
    this.#consumed += keepFrom - this.start;
    this.start = keepFrom;
  }
}
