/**
 * Errors that nobody awaits: what a program would end of.
 *
 * @module
 */

/** Collects unhandled rejections from its making until it is disposed of. */
export class UnhandledRejections implements Disposable {
  /** What was thrown, in order. */
  readonly errors: unknown[] = [];
  readonly #hear = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    this.errors.push(event.reason);
  };

  constructor() {
    globalThis.addEventListener("unhandledrejection", this.#hear);
  }

  [Symbol.dispose](): void {
    globalThis.removeEventListener("unhandledrejection", this.#hear);
  }
}
