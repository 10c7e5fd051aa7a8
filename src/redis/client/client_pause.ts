/**
 * CLIENT PAUSE and UNPAUSE: the requests of all clients, of all workers, wait; for a failover by hand, for instance.
 * What was sent before runs to its end, and PAUSE is answered when it has.
 *
 * @module
 */
import type { Watched } from "../../clock.ts";
import type { RequestFrame } from "../../protocol/protocol.ts";
import { handlerOf } from "../../protocol/resp/commands/handlers.ts";
import { BAD_TIMEOUT, NEGATIVE_TIMEOUT } from "../../protocol/resp/key_finders/errors.ts";
import { errorReply, OK_REPLY } from "../../protocol/resp/write/replies.ts";
import {
  type ClientStage,
  type DeferredReply,
  type LocalClient,
  Verdict,
  type VerdictCode,
} from "../../session/stages.ts";
import type { RedisContext } from "../core/feature.ts";
import { addStage, removeStage, stageOf, StageRank } from "../core/stage_chain.ts";
import { readInteger } from "../core/integer.ts";
import { LocalRequest } from "../core/local_request.ts";
import { mayWrite } from "./paused_rows.ts";

/** Longest wait of CLIENT PAUSE for requests sent before it, milliseconds; it is answered then all the same. */
export const DRAIN_MAX_MS = 1_000;

/** What waits while clients are paused; the greater is the stricter. */
const PauseMode = { None: 0, Writes: 1, All: 2 } as const;
type PauseModeCode = 0 | 1 | 2;

/** What one worker tells the others. */
interface PauseMessage {
  readonly mode: PauseModeCode;
  readonly durationMs: number;
}

const PAUSE = "client pause";
const UNPAUSE = "client unpause";
const DRAINED = "client pause drained";
const BAD_MODE = errorReply("ERR CLIENT PAUSE mode must be WRITE or ALL");
/** Far beyond any pause, and well within a number. */
const DURATION_MAX_MS = 2n ** 52n;

/** Whether, and until when, the clients of one cluster are paused. */
export class ClientPause implements Watched {
  isWatched = false;
  readonly #context: RedisContext;
  /** When requests that write may go on, and when all others may, in real milliseconds: as long as was asked for. */
  #writesEndMs = 0;
  #allEndMs = 0;

  constructor(context: RedisContext) {
    this.#context = context;
    context.peers.on(PAUSE, (message) => this.#begin(message as PauseMessage));
    context.peers.on(UNPAUSE, () => this.#end());
    context.peers.on(DRAINED, () => this.#isDrained(null));
  }

  /** Answers CLIENT PAUSE, whose arguments are `words`: a time in milliseconds and what is to wait. */
  pause({ client }: LocalRequest, words: readonly string[]): Uint8Array | null {
    const mode = modeOf(words[1] ?? "all");
    if (mode === PauseMode.None) return BAD_MODE;
    const timeout = readInteger(words[0]!);
    if (timeout === null || timeout > DURATION_MAX_MS) return BAD_TIMEOUT;
    if (timeout < 0n) return NEGATIVE_TIMEOUT;
    if (timeout === 0n) return OK_REPLY;
    const message: PauseMessage = { mode, durationMs: Number(timeout) };
    this.#begin(message);
    this.#context.peers.tell(PAUSE, message);
    if (this.#context.peers.count === 0 && this.#isDrained(client)) return OK_REPLY;
    const late = client.answerLater();
    const { clock } = this.#context.backends;
    const mostMs = Math.min(message.durationMs, DRAIN_MAX_MS);
    clock.watch(
      new Drain(late, clock.nowMs + mostMs, (answered) => {
        if (!this.#isDrained(client)) return answered(false);
        this.#context.peers.ask(DRAINED, null, (answers) => answered(!answers.includes(false)));
      }),
    );
    return null;
  }

  /** Answers CLIENT UNPAUSE. */
  unpause(): Uint8Array {
    this.#end();
    this.#context.peers.tell(UNPAUSE, null);
    return OK_REPLY;
  }

  /** A client has connected, or has lost its stages by RESET. */
  onConnect(client: LocalClient): void {
    if (this.#mode !== PauseMode.None) this.#stage(client);
  }

  onTick(): boolean {
    const { realMs } = this.#context.backends.clock;
    if (realMs >= this.#allEndMs && realMs >= this.#writesEndMs) {
      this.#end();
      return false;
    }
    if (realMs >= this.#allEndMs && this.#allEndMs > 0) {
      this.#allEndMs = 0;
      this.#look();
    }
    return true;
  }

  #begin({ mode, durationMs }: PauseMessage): void {
    const { clock } = this.#context.backends;
    // Each kind has its own end: workers begin and end theirs at slightly different times, and a pause that is
    // over elsewhere must not take on the length of the next one.
    const endMs = clock.realMs + durationMs;
    if (mode === PauseMode.All) this.#allEndMs = Math.max(this.#allEndMs, endMs);
    else this.#writesEndMs = Math.max(this.#writesEndMs, endMs);
    for (const client of this.#context.clients()) this.#stage(client);
    clock.watch(this);
  }

  get #mode(): PauseModeCode {
    if (this.#allEndMs > 0) return PauseMode.All;
    return this.#writesEndMs > 0 ? PauseMode.Writes : PauseMode.None;
  }

  /** Fewer requests have to wait than before. */
  #look(): void {
    for (const client of this.#context.clients()) {
      this.#stage(client);
      client.parseOn();
    }
  }

  #end(): void {
    this.#allEndMs = 0;
    this.#writesEndMs = 0;
    for (const client of this.#context.clients()) {
      removeStage(client, StageRank.Pause);
      client.parseOn();
    }
  }

  #stage(client: LocalClient): void {
    const stage = stageOf(client, StageRank.Pause);
    if (stage instanceof PauseStage) stage.mode = this.#mode;
    else addStage(client, StageRank.Pause, new PauseStage(this.#mode));
  }

  /** Whether no client but `asking`, and none that waits in a blocking command, has requests in flight. */
  #isDrained(asking: LocalClient | null): boolean {
    for (const client of this.#context.clients()) {
      const isBlocked = stageOf(client, StageRank.Blocking) !== null;
      if (client !== asking && !isBlocked && client.hasRequestsInFlight) return false;
    }
    return true;
  }
}

/** Lets one client's requests wait. */
class PauseStage implements ClientStage {
  mode: PauseModeCode;
  #isWaiting = false;

  constructor(mode: PauseModeCode) {
    this.mode = mode;
  }

  onRequest(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): VerdictCode {
    this.#isWaiting = this.#mustWait(new LocalRequest(client, frame, bytes));
    return this.#isWaiting ? Verdict.Wait : Verdict.Pass;
  }

  onInputEnd(): boolean {
    // As a server has it: a client that leaves takes its waiting request along.
    return this.#isWaiting;
  }

  onClose(): void {}

  #mustWait(request: LocalRequest): boolean {
    const { refusal, row } = request.frame;
    // What is refused anyway is refused at once.
    if (refusal !== null || row === null) return false;
    if (this.mode === PauseMode.All) return !isUnpause(request);
    return mayWrite(row);
  }
}

/** Answers a CLIENT PAUSE once requests sent before it are answered. */
class Drain implements Watched {
  isWatched = false;
  readonly #late: DeferredReply;
  readonly #endMs: number;
  readonly #ask: (answered: (isDrained: boolean) => void) => void;
  #isAsking = false;

  constructor(
    late: DeferredReply,
    endMs: number,
    ask: (answered: (isDrained: boolean) => void) => void,
  ) {
    this.#late = late;
    this.#endMs = endMs;
    this.#ask = ask;
  }

  onTick(nowMs: number): boolean {
    if (!this.#late.isDue) return false;
    if (nowMs >= this.#endMs) this.#settle();
    else if (!this.#isAsking) this.#look();
    return this.#late.isDue;
  }

  #look(): void {
    this.#isAsking = true;
    this.#ask((isDrained) => {
      this.#isAsking = false;
      if (isDrained) this.#settle();
    });
  }

  #settle(): void {
    this.#late.reply(OK_REPLY);
  }
}

function modeOf(word: string): PauseModeCode {
  switch (word.toLowerCase()) {
    case "all":
      return PauseMode.All;
    case "write":
      return PauseMode.Writes;
    default:
      return PauseMode.None;
  }
}

/** The way out of a pause must not be paused. */
function isUnpause(request: LocalRequest): boolean {
  return handlerOf(request.frame.row) === "client" && request.words[1]?.toLowerCase() === "unpause";
}
