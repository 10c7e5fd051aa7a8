/**
 * What stands before the requests of a memcache client whose user may not do everything.
 *
 * @module
 */
import { encodeText } from "../../protocol/memcache/ascii.ts";
import { replyPacket, Status } from "../../protocol/memcache/binary/packet.ts";
import { BINARY_PROFILES } from "../../protocol/memcache/profiles.ts";
import { NO_OPERATION, type RequestFrame } from "../../protocol/protocol.ts";
import { JudgingStage } from "../../session/judging_stage.ts";
import { type LocalClient, Verdict, type VerdictCode } from "../../session/stages.ts";
import type { MemcacheDenial, MemcachePermissions } from "./permissions.ts";

/** Who is told of what a stage sees. */
export interface MemcacheWatcher {
  /** A request was denied; it is answered already. */
  denied(client: LocalClient, command: string, denial: MemcacheDenial): void;
  /** A dangerous command passes. */
  passed(client: LocalClient, command: string): void;
}

const TEXTS = {
  command: "no permission to use this command",
  key: "no permission to access this key",
} as const;
const LINES = {
  command: encodeText(`CLIENT_ERROR ${TEXTS.command}\r\n`),
  key: encodeText(`CLIENT_ERROR ${TEXTS.key}\r\n`),
} as const;
const VALUES = { command: encodeText(TEXTS.command), key: encodeText(TEXTS.key) } as const;

/** The stage of one client. */
export class MemcacheAccessStage extends JudgingStage<MemcachePermissions, MemcacheWatcher> {
  protected override judge(
    client: LocalClient,
    frame: RequestFrame,
    bytes: Uint8Array,
    isNew: boolean,
  ): VerdictCode {
    const { row } = frame;
    // What is no request is said to be none, whoever asks.
    if (row === null || frame.refusal !== null) return Verdict.Pass;
    const { permissions } = this;
    const denial = permissions.judge(frame, bytes);
    if (denial !== null) {
      answer(client, frame, denial);
      this.watcher.denied(client, permissions.nameOf(row), denial);
      return Verdict.Handled;
    }
    if (isNew && permissions.isDangerous(row)) {
      this.watcher.passed(client, permissions.nameOf(row));
    }
    return Verdict.Pass;
  }
}

function answer(client: LocalClient, frame: RequestFrame, { reason }: MemcacheDenial): void {
  const { operation, opaque, isQuiet } = frame;
  if (client.profiles === BINARY_PROFILES) {
    const reply = replyPacket(operation, opaque, {
      status: Status.AuthError,
      value: VALUES[reason],
    });
    return client.reply(reply);
  }
  // As memcached has it, nothing answers `noreply`, and quiet meta commands hear of errors.
  const isSilent = isQuiet && operation === NO_OPERATION;
  const line = LINES[reason];
  client.reply(line, 0, isSilent ? 0 : line.length);
}
