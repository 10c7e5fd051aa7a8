/**
 * What the records of memcache's commands say of those that the proxy answers itself.
 *
 * @module
 */

/** Who answers a line that the proxy answers itself; `src/memcached/` has an answer for each. */
export type TextHandlerId = "mn" | "quit" | "stats" | "version";

/** Who answers a request of the binary protocol that the proxy answers itself. */
export type BinaryHandlerId =
  | "noop"
  | "quit"
  | "quitq"
  | "sasl_list"
  | "sasl_refused"
  | "stat"
  | "version";

/** Who answers a command, and what docs/commands.md says of the answer. */
export interface Answered<HandlerId> {
  readonly handler: HandlerId;
  readonly text: string;
}
