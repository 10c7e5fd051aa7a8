/**
 * What the file's keys are described by, and rows of each kind.
 *
 * @module
 */
import { valibot } from "../../deps.ts";
import type { ClusterType } from "./config.ts";

/**
 * Clusters a key has an effect on: all, those with a ring (`memcache`, `redis`), `redis_cluster`, or those
 * that speak Redis's protocol (`redis`, `redis_cluster`), or memcached's.
 */
export type Scope = "all" | "ring" | "slots" | "resp" | "memcache";

/** The scopes whose keys have an effect on a cluster of this type. */
export function scopesOf(type: ClusterType): readonly Scope[] {
  return [
    "all",
    type === "redis_cluster" ? "slots" : "ring",
    type === "memcache" ? "memcache" : "resp",
  ];
}

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
  /**
   * What holds ahead of `default` where the key is left out, such as a variable of the environment. Markdown, as
   * `docs/configuration.md` says it.
   */
  readonly otherDefault?: string;
  readonly isRequired: boolean;
  readonly scope: Scope;
  /** What is accepted, as messages say it after "expected". */
  readonly expected: string;
  /** Smallest and largest number accepted, or null. */
  readonly bounds: readonly [minimum: number, maximum: number] | null;
  /**
   * What the key does, and what its values mean: sentences in Markdown that `docs/configuration.md` has as they are,
   * so links begin in `docs/`.
   */
  readonly meaning: string;
  /** The key by which reloads call the setting, where two keys of the file say one thing. */
  readonly reloadsWith?: string;
  /** Whether its values are never shown. */
  readonly isSecret?: true;
  /** Checks type and range. */
  readonly schema: valibot.GenericSchema<unknown, Value>;
}

/**
 * One key of a table within the file, such as `rate_limit`, as `docs/configuration.md` says it: in Markdown. What reads
 * the table checks it.
 */
export interface FieldRow {
  /** What holds where it is left out; null: it is required. */
  readonly default: string | null;
  readonly accepted: string;
  /** Sentences. */
  readonly meaning: string;
}

/** The keys of a table within the file, in the order in which messages name them. */
export type FieldRows = Readonly<Record<string, FieldRow>>;

/** A key that is required and holds text of a form; `expected` says which. */
export function text(
  pattern: RegExp,
  words: { expected: string; meaning: string },
): KeyRow<string, null> {
  return {
    type: "string",
    unit: null,
    default: null,
    isRequired: true,
    scope: "all",
    bounds: null,
    ...words,
    schema: valibot.pipe(valibot.string(), valibot.regex(pattern)),
  };
}

/** A key that holds a table, or `false` where there is none. What reads the table checks its entries. */
export function tableOrFalse(
  expected: string,
  meaning: string,
): KeyRow<Record<string, unknown> | false, null> {
  return {
    type: "table",
    unit: null,
    default: null,
    isRequired: false,
    scope: "all",
    expected,
    bounds: null,
    meaning,
    schema: valibot.union([
      valibot.literal(false),
      valibot.record(valibot.string(), valibot.unknown()),
    ]),
  };
}

/** A key that holds a table. What reads the table checks its entries. */
export function table(
  scope: Scope,
  expected: string,
  meaning: string,
): KeyRow<Record<string, unknown>, null> {
  return {
    type: "table",
    unit: null,
    default: null,
    isRequired: false,
    scope,
    expected,
    bounds: null,
    meaning,
    schema: valibot.record(valibot.string(), valibot.unknown()),
  };
}

/** A key that holds a switch. */
export function trueOrFalse(
  defaultValue: boolean,
  scope: Scope,
  meaning: string,
): KeyRow<boolean, boolean> {
  return {
    type: "boolean",
    unit: null,
    default: defaultValue,
    isRequired: false,
    scope,
    expected: "true or false",
    bounds: null,
    meaning,
    schema: valibot.boolean(),
  };
}

/** A key that holds one of some words. */
export function choice<const Names extends readonly string[]>(
  names: Names,
  defaultName: Names[number],
  scope: Scope,
  meaning: string,
): KeyRow<Names[number], Names[number]> {
  return {
    type: "string",
    unit: null,
    default: defaultName,
    isRequired: false,
    scope,
    expected: oneOf(names),
    bounds: null,
    meaning,
    schema: valibot.picklist(names),
  };
}

/** A key that holds a whole number of a unit, `minimum` and `maximum` included. */
export function integer(
  unit: string,
  defaultValue: number,
  minimum: number,
  maximum: number,
  scope: Scope,
  meaning: string,
): KeyRow<number, number> {
  return {
    type: "integer",
    unit,
    default: defaultValue,
    isRequired: false,
    scope,
    expected: `an integer from ${minimum} to ${maximum} (${unit})`,
    bounds: [minimum, maximum],
    meaning,
    schema: valibot.pipe(
      valibot.number(),
      valibot.integer(),
      valibot.minValue(minimum),
      valibot.maxValue(maximum),
    ),
  };
}

/** Words as messages list them: `"a", "b" or "c"`. */
export function oneOf(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`);
  return `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}

/** Longest user name or password, in characters. */
export const SECRET_CHARACTERS_LIMIT = 512;
/** A key that holds a password. */
export function secret(meaning: string): KeyRow<string, null> {
  return {
    type: "string",
    unit: null,
    default: null,
    isRequired: false,
    scope: "all",
    expected: `a string of 1 to ${SECRET_CHARACTERS_LIMIT} characters`,
    bounds: null,
    meaning,
    isSecret: true,
    schema: valibot.pipe(
      valibot.string(),
      valibot.minLength(1),
      valibot.maxLength(SECRET_CHARACTERS_LIMIT),
    ),
  };
}

/** A key that holds a password or several, any of which will do. */
export function secrets(meaning: string): KeyRow<string | string[], null> {
  const { schema, expected, ...row } = secret(meaning);
  return {
    ...row,
    type: "string or strings",
    expected: `${expected}, or a list of these`,
    schema: valibot.union([schema, valibot.array(schema)]),
  };
}

/** A key that holds a password or a table, whose entries `credentials.ts` checks. */
export function secretTable(meaning: string): KeyRow<string | Record<string, unknown>, null> {
  return {
    ...secret(meaning),
    type: "string or table",
    expected: `a string of 1 to ${SECRET_CHARACTERS_LIMIT} characters, or a table`,
    schema: valibot.union([
      secret(meaning).schema,
      valibot.record(valibot.string(), valibot.unknown()),
    ]),
  };
}
