/**
 * Asks the proxy's own answers as a client would, without a socket.
 *
 * @module
 */
import { type Endpoint, tcpEndpoint } from "../../../src/endpoint.ts";
import type { Failure } from "../../../src/failure.ts";
import { NO_DURATIONS } from "../../../src/observe/durations.ts";
import type { CommandRow } from "../../../src/protocol/command_table.ts";
import { PROFILES, type Profiles, RequestFrame } from "../../../src/protocol/protocol.ts";
import { respCommands } from "../../../src/protocol/resp/commands/mod.ts";
import { RequestDescriber } from "../../../src/protocol/resp/parse/request_describer.ts";
import { RespRequestParser } from "../../../src/protocol/resp/parse/request_parser.ts";
import { requestBytes } from "../../../src/protocol/resp/write/replies.ts";
import type { InfoSource } from "../../../src/redis/server/info.ts";
import { LocalRequest } from "../../../src/redis/core/local_request.ts";
import type { ClientStage, DeferredReply, LocalClient } from "../../../src/session/stages.ts";

const decoder = new TextDecoder();
const describer = new RequestDescriber(respCommands);

/** A reply that a test waits for. */
export class RigLateReply implements DeferredReply {
  isDue = true;
  /** What was given of it so far. */
  readonly parts: string[] = [];
  readonly #client: LocalRigClient;

  constructor(client: LocalRigClient) {
    this.#client = client;
  }

  reply(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    if (!this.isDue) return;
    this.isDue = false;
    this.part(bytes, start, end);
    this.#client.replies.push(this.parts.join(""));
  }

  part(bytes: Uint8Array, start: number, end: number): void {
    this.parts.push(decoder.decode(bytes.subarray(start, end)));
  }

  fail(failure: Failure, address: string): void {
    if (!this.isDue) return;
    this.isDue = false;
    this.#client.replies.push(`failed: ${failure.name} ${address}`);
  }
}

/** A client that keeps what it is told. */
export class LocalRigClient implements LocalClient {
  readonly number = 7;
  readonly id = 7;
  profiles: Profiles;
  stage: ClientStage | null = null;
  isMuted = false;
  isMovingOn = false;
  hasRequestsInFlight = false;
  hasEnded = false;
  isClosed = false;
  /** It was closed without a reply. */
  hasLeft = false;
  local: Endpoint | null = tcpEndpoint("10.0.0.1", 6380);
  peer: Endpoint | null = tcpEndpoint("10.0.0.9", 50007);
  readonly connectedAtMs = 0;
  lastRequestAtMs = 0;
  lastRow: CommandRow | null = null;
  readonly output = { waitingBytes: 0 };
  readonly buffer = { pending: 0, roomBytes: 0 };
  isClosing = false;
  /** How often it was told to ask its stage again. */
  parsedOn = 0;
  /** Why it was closed, or null. */
  closedBy: Failure | null = null;
  readonly replies: string[] = [];
  readonly pushes: string[] = [];
  /** Arrays that were pushed without being copied. */
  readonly shared = new Set<Uint8Array>();
  readonly late: RigLateReply[] = [];

  constructor(version: 2 | 3 = 2) {
    this.profiles = PROFILES[version];
  }

  reply(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    this.replies.push(decoder.decode(bytes.subarray(start, end)));
  }

  answerLater(): DeferredReply {
    const late = new RigLateReply(this);
    this.late.push(late);
    return late;
  }

  push(bytes: Uint8Array, start = 0, end: number = bytes.length, isShared = false): void {
    if (isShared) this.shared.add(bytes);
    this.pushes.push(decoder.decode(bytes.subarray(start, end)));
  }

  parseOn(): void {
    this.parsedOn += 1;
  }

  closeWhenAnswered(): void {
    this.isClosing = true;
  }

  leave(): void {
    this.hasLeft = true;
  }

  close(failure: Failure): void {
    this.closedBy = failure;
    this.stage?.onClose();
    for (const late of this.late) late.isDue = false;
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
  clientsBlocked: () => 1,
  clientsAccepted: () => 5,
  requests: () => 11,
  errorReplies: () => 2,
  backendCount: () => 4,
  durations: () => NO_DURATIONS,
};
