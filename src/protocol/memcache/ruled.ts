/**
 * memcached's commands as rules for users see them. It has no access control lists, so the categories are those of
 * Redis that have a meaning here. Operations of packets are judged as the command of lines that does the same.
 *
 * @module
 */
import type { RuledCommand, RuledCommands } from "../command_rules.ts";
import { Action, CommandFlag, type CommandRow } from "../command_table.ts";
import { MemcacheCommands } from "./commands.ts";

/** Operations whose commands have other names; of all others the name without what packets add is the command's. */
const OTHER_NAMES = new Map([
  ["flush", "flush_all"],
  ["increment", "incr"],
  ["decrement", "decr"],
  ["stat", "stats"],
  ["noop", "mn"],
]);

/** The commands of lines that are served. */
export function ruledMemcacheCommands(): RuledCommands {
  const rows = new MemcacheCommands().rows.filter(({ action }) => action !== Action.Refuse);
  return {
    all: rows.map(ruledCommand),
    categories: ["@read", "@write", "@admin", "@dangerous"],
    mayExist: () => false,
    otherCategories: [],
  };
}

/** The name of the command of lines that does what a row does, of lines or of packets. */
export function commandNameOf({ name }: CommandRow, commands: RuledCommands): string {
  for (const form of [name, name.replace(/q$/, ""), name.replace(/kq?$/, "")]) {
    const command = OTHER_NAMES.get(form) ?? form;
    if (commands.all.some((one) => one.name === command)) return command;
  }
  return name;
}

function ruledCommand({ name, flags, firstKey }: CommandRow): RuledCommand {
  const categories: string[] = [];
  const isWrite = (flags & CommandFlag.Write) !== 0;
  if (isWrite) categories.push("@write");
  else if (firstKey > 0) categories.push("@read");
  // What changes all keys, or the servers themselves.
  if (isWrite && firstKey === 0) categories.push("@admin", "@dangerous");
  return { name, categories, subcommands: [] };
}
