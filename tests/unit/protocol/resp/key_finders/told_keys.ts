/**
 * The keys of requests as clients are told that ask for them.
 *
 * @module
 */
import { respDescriptions } from "../../../../../src/protocol/resp/commands/mod.ts";
import type { KeyProblemCode } from "../../../../../src/protocol/resp/key_finders/specified_keys.ts";
import { type FoundKey, KeyList } from "../../../../../src/redis/core/key_list.ts";
import { parse, request } from "../parse.ts";

/** What is told of the keys of a request. */
export interface ToldKeys {
  readonly found: readonly FoundKey[];
  /** Each key with what happens to it: `a:RO,access b:RO,access`. */
  readonly text: string;
  /** Null: the command has no keys. */
  readonly problem: KeyProblemCode | null;
}

/** What is told of the keys of a request whose first word is the name of its command, in lower case. */
export function toldKeys(words: readonly string[], name: string = words[0]!): ToldKeys {
  const { keySearch } = respDescriptions.get(name)!;
  if (keySearch === null) return { found: [], text: "", problem: null };
  const bytes = new TextEncoder().encode(request(...words));
  const { frame } = parse(bytes);
  const keys = new KeyList();
  const problem = keySearch.find(frame, bytes, keys);
  const text = keys.found.map(({ word, flags }) => `${words[word]}:${flags.join()}`).join(" ");
  return { found: keys.found, text, problem };
}
