/**
 * Before a client has logged in it may log in, and little else.
 *
 * @module
 */
import { encodeText } from "../../protocol/memcache/ascii.ts";
import {
  Field,
  read32,
  replyPacket,
  Status,
  statusTexts,
} from "../../protocol/memcache/binary/packet.ts";
import { BINARY_PROFILES } from "../../protocol/memcache/profiles.ts";
import type { RequestFrame } from "../../protocol/protocol.ts";
import {
  type ClientStage,
  type LocalClient,
  Verdict,
  type VerdictCode,
} from "../../session/stages.ts";
import { passwordOfLine, passwordOfPacket } from "./passwords.ts";
import { Attempt, type AttemptCode } from "./attempt.ts";
import type { Login } from "./mod.ts";

/** Most bytes of a request from somebody unknown. */
export const UNAUTHENTICATED_REQUEST_BYTES_MAX = 16 * 1024;

/** Operations that a server answers to strangers, too. */
const OPEN_OPERATIONS = new Set(["version", "sasl_list"]);

const UNAUTHENTICATED = encodeText("CLIENT_ERROR unauthenticated\r\n");
const BAD_TOKEN = encodeText("CLIENT_ERROR bad authentication token format\r\n");
const FAILURE = encodeText("CLIENT_ERROR authentication failure\r\n");
const STORED = encodeText("STORED\r\n");
const AUTHENTICATED = encodeText("Authenticated");

/** The stage of one client. */
export class LoginStage implements ClientStage {
  readonly requestBytesMax = UNAUTHENTICATED_REQUEST_BYTES_MAX;
  readonly #client: LocalClient;
  readonly #login: Login;

  constructor(client: LocalClient, login: Login) {
    this.#client = client;
    this.#login = login;
  }

  onRequest(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): VerdictCode {
    // Not by the frame's operation: quiet meta commands have one, and refused packets have none.
    return client.profiles === BINARY_PROFILES
      ? this.#admitPacket(client, frame, bytes)
      : this.#admitLine(client, frame, bytes);
  }

  onInputEnd(): boolean {
    return this.#login.onInputEnd(this.#client);
  }

  onClose(): void {
    this.#login.leave(this.#client);
  }

  #admitLine(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): VerdictCode {
    const name = frame.row?.name;
    if (name === "quit") return Verdict.Pass;
    if (name !== "set" || frame.refusal !== null) return give(client, UNAUTHENTICATED);
    const attempt = passwordOfLine(frame, bytes);
    if (attempt === null) return give(client, BAD_TOKEN);
    const { username, password } = attempt;
    return verdictOf(client, this.#login.enter(client, username, password, FAILURE), STORED);
  }

  #admitPacket(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): VerdictCode {
    const { refusal } = frame;
    if (refusal !== null) {
      client.closeWhenAnswered();
      return give(client, authFailure(refusal[Field.Operation]!, read32(refusal, Field.Opaque)));
    }
    const name = frame.row!.name;
    if (OPEN_OPERATIONS.has(name)) return Verdict.Pass;
    const { operation, opaque } = frame;
    const failure = authFailure(operation, opaque);
    if (name !== "sasl_auth" && name !== "sasl_step") {
      client.closeWhenAnswered();
      return give(client, failure);
    }
    const attempt = name === "sasl_auth" ? passwordOfPacket(frame, bytes) : null;
    if (attempt === null) return give(client, failure);
    const success = replyPacket(operation, opaque, { value: AUTHENTICATED });
    const { username, password } = attempt;
    return verdictOf(client, this.#login.enter(client, username, password, failure), success);
  }
}

function authFailure(operation: number, opaque: number): Uint8Array {
  return replyPacket(operation, opaque, {
    status: Status.AuthError,
    value: statusTexts.authFailure,
  });
}

function verdictOf(client: LocalClient, attempt: AttemptCode, success: Uint8Array): VerdictCode {
  if (attempt === Attempt.Waits) return Verdict.Wait;
  return attempt === Attempt.Right ? give(client, success) : Verdict.Handled;
}

function give(client: LocalClient, reply: Uint8Array): typeof Verdict.Handled {
  client.reply(reply);
  return Verdict.Handled;
}
