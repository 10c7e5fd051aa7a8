/**
 * Messages between the workers of one cluster: the supervisor carries them, questions are answered by all that are
 * alive, and nobody waits long for one that is not.
 *
 * @module
 */
import { Deadline } from "../clock.ts";
import type { PeerMessage } from "../worker/messages.ts";
import type { ClusterContext } from "./cluster.ts";

/** Longest wait for the answers of other workers, milliseconds. */
export const ANSWER_TIMEOUT_MS = 1_000;

/** Answers a message, or says nothing. */
export type NoteHandler = (body: unknown) => unknown;

/** Answers a question by calling `answer` once, now or later. */
export type LaterHandler = (body: unknown, answer: (body: unknown) => void) => void;

/** Questions of this worker so far: where a cluster takes the place of another, each has numbers of its own. */
let questionCount = 0;

interface Question {
  readonly answers: unknown[];
  settle(): void;
}

/** The other workers that serve the same cluster. */
export class ClusterPeers {
  readonly #cluster: ClusterContext;
  readonly #handlers = new Map<string, LaterHandler>();
  readonly #questions = new Map<number, Question>();

  constructor(cluster: ClusterContext) {
    this.#cluster = cluster;
  }

  get count(): number {
    return this.#cluster.config.thread - 1;
  }

  /** Has messages of `topic` handled; one handler a topic. */
  on(topic: string, handler: NoteHandler): void {
    this.#handlers.set(topic, (body, answer) => answer(handler(body)));
  }

  /** The same for questions whose answers may take several turns. */
  onLater(topic: string, handler: LaterHandler): void {
    this.#handlers.set(topic, handler);
  }

  /** Tells all others. */
  tell(topic: string, body: unknown): void {
    if (this.count > 0) this.#post({ topic, body, to: null, question: 0, isAnswer: false });
  }

  /** Asks all others; `answered` is called once, with the answers that came in time, in no order. */
  ask(topic: string, body: unknown, answered: (answers: unknown[]) => void): void {
    if (this.count === 0) return answered([]);
    questionCount += 1;
    const number = questionCount;
    const answers: unknown[] = [];
    const settle = () => {
      deadline.cancel();
      this.#questions.delete(number);
      answered(answers);
    };
    const deadline = new Deadline(this.#cluster.clock, ANSWER_TIMEOUT_MS, settle);
    this.#questions.set(number, { answers, settle });
    this.#post({ topic, body, to: null, question: number, isAnswer: false });
  }

  /** Takes a message from another worker. */
  hear(peerMessage: PeerMessage): void {
    if (peerMessage.isAnswer) return this.#takeAnswer(peerMessage);
    const { topic, from: to, question } = peerMessage;
    const answer = (body: unknown) => {
      if (question !== 0) this.#post({ topic, body, to, question, isAnswer: true });
    };
    const handler = this.#handlers.get(topic);
    if (handler === undefined) answer(undefined);
    else handler(peerMessage.body, answer);
  }

  /** Whoever waits for answers waits no longer. */
  stop(): void {
    for (const question of [...this.#questions.values()]) question.settle();
  }

  #takeAnswer(peerMessage: PeerMessage): void {
    const question = this.#questions.get(peerMessage.question);
    if (question === undefined) return;
    question.answers.push(peerMessage.body);
    if (question.answers.length === this.count) question.settle();
  }

  #post(peerMessage: Omit<PeerMessage, "cluster" | "from">): void {
    const { config, workerNumber, post } = this.#cluster;
    post({ ...peerMessage, cluster: config.name, from: workerNumber });
  }
}
