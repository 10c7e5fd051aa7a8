/**
 * A request that is refused ahead of its end: what is still to come of it is not kept, only its end is looked for.
 *
 * @module
 */
import { ParseStatus, type ParseStatusCode, type RequestFrame } from "../protocol.ts";
import { clearFrame } from "./request_frame.ts";

/** What it sets of its parser. */
interface SkippingParser {
  readonly frame: RequestFrame;
  frameBytes: number;
  keepFrom: number;
}

/** The refused request at hand of one parser. */
export class RefusedRequest {
  /** Bytes of it still to come; 0: there is none, or it is whole. */
  bytesToCome = 0;
  readonly #parser: SkippingParser;
  #refusal: Uint8Array | null = null;
  #isQuiet = false;

  constructor(parser: SkippingParser) {
    this.#parser = parser;
  }

  /** Refuses the request that begins at `start` and ends at `frameEnd`; there are bytes up to `end`. */
  begin(
    { start, frameEnd, end }: { start: number; frameEnd: number; end: number },
    refusal: Uint8Array | null,
    isQuiet = false,
  ): ParseStatusCode {
    this.#refusal = refusal;
    this.#isQuiet = isQuiet;
    if (frameEnd <= end) return this.#complete(start, frameEnd);
    this.bytesToCome = frameEnd - end;
    return this.#await(end);
  }

  /** Skips what has come of it since, `[start, end)`. */
  skip(start: number, end: number): ParseStatusCode {
    const { bytesToCome } = this;
    if (end - start >= bytesToCome) return this.#complete(start, start + bytesToCome);
    this.bytesToCome = bytesToCome - (end - start);
    return this.#await(end);
  }

  #await(end: number): ParseStatusCode {
    this.#parser.keepFrom = end;
    this.#parser.frameBytes = 1;
    return ParseStatus.Incomplete;
  }

  /** Its first bytes may be gone, so that the frame says nothing of them, however they came. */
  #complete(start: number, frameEnd: number): ParseStatusCode {
    const { frame } = this.#parser;
    clearFrame(frame);
    frame.start = start;
    frame.end = frameEnd;
    frame.argumentCount = 0;
    frame.refusal = this.#refusal;
    frame.isQuiet = this.#isQuiet;
    this.#refusal = null;
    this.bytesToCome = 0;
    return ParseStatus.Complete;
  }
}
