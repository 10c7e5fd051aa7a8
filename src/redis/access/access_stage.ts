/**
 * What stands before the requests of a client whose user may not do everything.
 *
 * @module
 */
import { fitsArity } from "../../protocol/command_table.ts";
import type { RequestFrame } from "../../protocol/protocol.ts";
import { DOTTED_ROW } from "../../protocol/resp/commands/custom.ts";
import { JudgingStage } from "../../session/judging_stage.ts";
import { type LocalClient, Verdict, type VerdictCode } from "../../session/stages.ts";
import { LocalRequest } from "../core/local_request.ts";
import { Check, type Denial, type Permissions } from "./permissions.ts";

/** Who is told of what a stage sees. */
export interface AccessWatcher {
  /** Answers a denied request. */
  denied(request: LocalRequest, denial: Denial): void;
  /** A request that was looked at passes. */
  passed(request: LocalRequest): void;
}

/** The stage of one client. */
export class AccessStage extends JudgingStage<Permissions, AccessWatcher> {
  protected override judge(
    client: LocalClient,
    frame: RequestFrame,
    bytes: Uint8Array,
    isNew: boolean,
  ): VerdictCode {
    const { row } = frame;
    if (row !== null && row !== DOTTED_ROW && frame.refusal === null) {
      const check = this.permissions.checks[row.index];
      if (check === Check.None) return Verdict.Pass;
      if (check === Check.Keys && this.permissions.mayUseKeys(frame, bytes)) return Verdict.Pass;
    }
    return this.#look(client, frame, bytes, isNew);
  }

  #look(
    client: LocalClient,
    frame: RequestFrame,
    bytes: Uint8Array,
    isNew: boolean,
  ): VerdictCode {
    // As a server has it, what is no request is said to be none, whoever asks.
    if (frame.row === null || !fitsArity(frame.argumentCount, frame.row.arity)) return Verdict.Pass;
    const request = new LocalRequest(client, frame, bytes);
    const denial = this.permissions.judge(request);
    if (denial === null) {
      if (isNew) this.watcher.passed(request);
      return Verdict.Pass;
    }
    this.watcher.denied(request, denial);
    return Verdict.Handled;
  }
}
