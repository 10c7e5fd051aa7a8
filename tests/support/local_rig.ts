/**
 * Asks the proxy's own answers as a client would, without a socket.
 *
 * @module
 */
import { PROFILES, type Profiles, RequestFrame } from "../../src/protocol/protocol.ts";
import { respCommands } from "../../src/protocol/resp/commands/mod.ts";
import { RequestDescriber } from "../../src/protocol/resp/request_describer.ts";
import { RespRequestParser } from "../../src/protocol/resp/request_parser.ts";
import { requestBytes } from "../../src/protocol/resp/replies.ts";
import type { InfoSource } from "../../src/redis/info.ts";
import { LocalRequest } from "../../src/redis/local_request.ts";
import type { LocalClient } from "../../src/session/features.ts";

const decoder = new TextDecoder();
const describer = new RequestDescriber(respCommands);

/** A client that keeps what it is told. */
export class LocalRigClient implements LocalClient {
  readonly id = 7;
  profiles: Profiles;
  isClosing = false;
  readonly replies: string[] = [];

  constructor(version: 2 | 3 = 2) {
    this.profiles = PROFILES[version];
  }

  reply(bytes: Uint8Array, start: number, end: number): void {
    this.replies.push(decoder.decode(bytes.subarray(start, end)));
  }

  closeWhenAnswered(): void {
    this.isClosing = true;
  }
}

/** The frame of a request, with the bytes it stands in. */
export function frameOf(words: readonly string[]): { frame: RequestFrame; bytes: Uint8Array } {
  const bytes = requestBytes(...words);
  const frame = new RequestFrame();
  new RespRequestParser(frame, describer).parse(bytes, 0, bytes.length);
  return { frame, bytes };
}

/** A request of `client` with these words. */
export function localRequest(client: LocalClient, ...words: readonly string[]): LocalRequest {
  const { frame, bytes } = frameOf(words);
  return new LocalRequest(client, frame, bytes);
}

/** What a reply says, as text. */
export function textOf(reply: Uint8Array): string {
  return decoder.decode(reply);
}

/** Figures for INFO. */
export const infoSource: InfoSource = {
  cluster: "main",
  port: 9002,
  uptimeMs: () => 90_061_000,
  clientsConnected: () => 3,
  clientsAccepted: () => 5,
  requests: () => 11,
  errorReplies: () => 2,
  backendCount: () => 4,
};
