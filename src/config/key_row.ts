/**
 * What the file's keys are described by, and the rows of those that hold secrets.
 *
 * @module
 */
import { valibot } from "../../deps.ts";

/**
 * Clusters a key has an effect on: all, those with a ring (`memcache`, `redis`), `redis_cluster`, or those
 * that speak Redis's protocol (`redis`, `redis_cluster`), or memcached's.
 */
export type Scope = "all" | "ring" | "slots" | "resp" | "memcache";

/** One key: what it accepts, what it means, and what it is if it is not set. */
export interface KeyRow<Value, Default extends Value | null> {
  readonly type:
    | "string"
    | "strings"
    | "integer"
    | "boolean"
    | "string or integer"
    | "string or strings"
    | "string or table"
    | "table";
  /** What one unit of a number is, such as `ms`; null for other types. */
  readonly unit: string | null;
  /**
   * Null: there is none, either because the key is required or because leaving it out means
   * something.
   */
  readonly default: Default;
  readonly isRequired: boolean;
  readonly scope: Scope;
  /** What is accepted, as messages say it after "expected". */
  readonly expected: string;
  /** Smallest and largest number accepted, or null. */
  readonly bounds: readonly [minimum: number, maximum: number] | null;
  readonly reason: string;
  /** Whether its values are never shown. */
  readonly isSecret?: true;
  /** Checks type and range. */
  readonly schema: valibot.GenericSchema<unknown, Value>;
}

/** Longest user name or password, in characters. */
export const SECRET_CHARACTERS_LIMIT = 512;
/** A key that holds a password. */
export function secret(reason: string): KeyRow<string, null> {
  return {
    type: "string",
    unit: null,
    default: null,
    isRequired: false,
    scope: "all",
    expected: `a string of 1 to ${SECRET_CHARACTERS_LIMIT} characters`,
    bounds: null,
    reason,
    isSecret: true,
    schema: valibot.pipe(
      valibot.string(),
      valibot.minLength(1),
      valibot.maxLength(SECRET_CHARACTERS_LIMIT),
    ),
  };
}

/** A key that holds a password or several, any of which will do. */
export function secrets(reason: string): KeyRow<string | string[], null> {
  const { schema, expected, ...row } = secret(reason);
  return {
    ...row,
    type: "string or strings",
    expected: `${expected}, or a list of these`,
    schema: valibot.union([schema, valibot.array(schema)]),
  };
}

/** A key that holds a password or a table, whose entries `credentials.ts` checks. */
export function secretTable(reason: string): KeyRow<string | Record<string, unknown>, null> {
  return {
    ...secret(reason),
    type: "string or table",
    expected: `a string of 1 to ${SECRET_CHARACTERS_LIMIT} characters, or a table`,
    schema: valibot.union([
      secret(reason).schema,
      valibot.record(valibot.string(), valibot.unknown()),
    ]),
  };
}
