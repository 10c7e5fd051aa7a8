/**
 * The names of what answers commands here. A record says which one is its own; `src/redis/` has one for each.
 *
 * @module
 */
import type { CommandRow } from "../../command_table.ts";

/** Who answers a command that the proxy answers itself. */
export type HandlerId =
  | "asking"
  | "auth"
  | "block"
  | "client"
  | "cluster"
  | "command"
  | "discard"
  | "echo"
  | "exec"
  | "function"
  | "hello"
  | "hotkey"
  | "info"
  | "lolwut"
  | "multi"
  | "ping"
  | "psubscribe"
  | "pubsub"
  | "punsubscribe"
  | "quit"
  | "randomkey"
  | "readonly"
  | "readwrite"
  | "reset"
  | "scan"
  | "script"
  | "select"
  | "slowlog"
  | "ssubscribe"
  | "subscribe"
  | "sunsubscribe"
  | "time"
  | "unsubscribe"
  | "unwatch"
  | "wait"
  | "waitaof"
  | "watch";

/** Who tells clients that ask which words are keys, where the specifications of a command do not tell all. */
export type KeyParserId = "bitfield" | "migrate" | "set" | "sort" | "sort_ro";

/** Who answers the command of a row; null: a server does, or nobody, or there is no such command. */
export function handlerOf(row: CommandRow | null): HandlerId | null {
  return row === null ? null : row.handler as HandlerId | null;
}
