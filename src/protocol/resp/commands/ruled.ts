/**
 * Redis's commands, and those of the configuration, as rules for users see them.
 *
 * @module
 */
import type { RuledCommands } from "../../command_rules.ts";
import { CATEGORIES } from "./categories.ts";
import { type CustomCommand, describeCustom } from "./custom.ts";
import { respDescriptions } from "./mod.ts";

/** The commands of a cluster with these commands of its own. */
export function ruledCommands(custom: readonly CustomCommand[]): RuledCommands {
  const known = [...respDescriptions.values()].filter(({ name }) => !name.includes("|"));
  return {
    all: [...known, ...custom.map(describeCustom)],
    categories: CATEGORIES,
    mayExist: (name) => name.includes("."),
    otherCategories: ["@read", "@write"],
  };
}
