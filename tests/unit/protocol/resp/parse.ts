/**
 * Requests in short form for tests of the Redis protocol.
 *
 * @module
 */
import {
  ParseStatus,
  type ParseStatusCode,
  RequestFrame,
} from "../../../../src/protocol/protocol.ts";
import { createRespProtocol } from "../../../../src/protocol/resp/mod.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The protocol that all tests share. */
export const protocol = createRespProtocol();

/** Bytes of a text. */
export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The array form of a request. */
export function request(...words: readonly string[]): string {
  const bulks = words.map((word) => `$${encoder.encode(word).length}\r\n${word}\r\n`);
  return `*${words.length}\r\n${bulks.join("")}`;
}

/** What one look at `text` finds. */
export interface Looked {
  status: ParseStatusCode;
  frame: RequestFrame;
  words: string[];
  keys: string[];
  extraKey: string | null;
  refusal: string | null;
}

/** Parses the first request of `text` with a new parser. */
export function parse(text: string | Uint8Array): Looked {
  const bytes = typeof text === "string" ? bytesOf(text) : text;
  const frame = new RequestFrame();
  const status = protocol.createRequestParser(frame).parse(bytes, 0, bytes.length);
  const refusal = frame.refusal === null ? null : decoder.decode(frame.refusal);
  const words: string[] = [];
  if (status === ParseStatus.Complete) {
    for (let word = 0; word < frame.argumentCount; word++) {
      words.push(
        decoder.decode(bytes.subarray(frame.argumentStart(word), frame.argumentEnd(word))),
      );
    }
  }
  const keys: string[] = [];
  for (let key = 0; key < frame.keyCount; key++) {
    keys.push(words[frame.firstKey + key * frame.keyStep]!);
  }
  const extraKey = frame.extraKey < 0 ? null : words[frame.extraKey]!;
  return { status, frame, words, keys, extraKey, refusal };
}
