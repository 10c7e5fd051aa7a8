/**
 * Rules that say which commands somebody may use, in the words of Redis's access control lists and with their meaning:
 * they apply from left to right, and a later one wins.
 *
 * ```text
 * @read  +@read     all commands of a category        -@write   none of them
 * get    +get       a command, with its subcommands   -get      not
 * config|get        a subcommand                      -config|get
 * select|0          a command without subcommands, with this first word
 * @all  allcommands, -@all  nocommands                everything, nothing
 * ```
 *
 * @module
 */

/** A command as rules see it. */
export interface RuledCommand {
  /** Lower case; of a subcommand `client|list`. */
  readonly name: string;
  /** With their `@`. */
  readonly categories: readonly string[];
  readonly subcommands: readonly RuledCommand[];
}

/** All commands that rules can speak of. */
export interface RuledCommands {
  /** Without subcommands, which stand in their commands. */
  readonly all: readonly RuledCommand[];
  /** With their `@`; `@all` is not among them. */
  readonly categories: readonly string[];
  /** Whether a command of this name may exist that is not among {@link RuledCommands.all}. */
  mayExist(name: string): boolean;
  /**
   * What commands may do that are not among {@link RuledCommands.all}: whoever is denied one of these categories is
   * denied them, and none of these grants them.
   */
  readonly otherCategories: readonly string[];
}

interface Rule {
  readonly grants: boolean;
  /** `@category`, or the name of a command. */
  readonly name: string;
  /** What stands behind the bar, lower case; null: nothing. */
  readonly word: string | null;
}

const ALL = "@all";
const NONE: readonly string[] = [];
const WHOLE = new Map([["allcommands", "+@all"], ["nocommands", "-@all"]]);

/** Which commands rules grant. */
export class GrantedCommands {
  /** Names of commands and subcommands. */
  readonly #names = new Set<string>();
  /** First words that are granted though their command is not, by command. */
  readonly #firstWords = new Map<string, Set<string>>();
  readonly #commands: RuledCommands;
  readonly #rules: readonly Rule[];
  readonly #known: ReadonlySet<string>;

  /**
   * @param rules Rules that {@link whyNoRule} finds right.
   */
  constructor(rules: readonly string[], commands: RuledCommands) {
    this.#commands = commands;
    this.#known = knownNames(commands);
    this.#rules = rules.map((rule) => readRule(rule)!);
    for (const rule of this.#rules) this.#apply(rule);
  }

  /**
   * Whether a command or subcommand of this name, lower case, may be used.
   *
   * @param told The categories of one that no list has, where servers tell them; null where nobody knows any: then it
   * may be of all those that such commands may be of, and is granted by none.
   */
  has(name: string, told: readonly string[] | null = null): boolean {
    if (this.#known.has(name)) return this.#names.has(name);
    let isGranted = false;
    for (const { name: meant, word, grants } of this.#rules) {
      if (word !== null) continue;
      const isMeant = meant === ALL || meant === name ||
        (told ?? (grants ? NONE : this.#commands.otherCategories)).includes(meant);
      if (isMeant) isGranted = grants;
    }
    return isGranted;
  }

  /** Whether a command may be used with this first word, lower case, though it may not be used with all. */
  hasFirstWord(name: string, word: string): boolean {
    return this.#firstWords.get(name)?.has(word) ?? false;
  }

  #apply({ grants, name, word }: Rule): void {
    if (name === ALL) {
      this.#names.clear();
      this.#firstWords.clear();
      if (grants) { for (const command of this.#commands.all) this.#set(command, true); }
    } else if (name.startsWith("@")) {
      const members = this.#commands.all.flatMap(withSubcommands);
      for (const command of members) {
        if (command.categories.includes(name)) this.#setOne(command.name, grants);
      }
    } else {
      this.#applyToCommand(name, word, grants);
    }
  }

  #applyToCommand(name: string, word: string | null, grants: boolean): void {
    const command = this.#commands.all.find((one) => one.name === name);
    if (word === null) {
      if (command === undefined) this.#setOne(name, grants);
      else this.#set(command, grants);
    } else if (command === undefined || command.subcommands.length === 0) {
      const words = this.#firstWords.get(name) ?? new Set();
      words.add(word);
      this.#firstWords.set(name, words);
    } else {
      this.#setOne(`${name}|${word}`, grants);
    }
  }

  #set(command: RuledCommand, grants: boolean): void {
    for (const { name } of withSubcommands(command)) this.#setOne(name, grants);
  }

  #setOne(name: string, grants: boolean): void {
    this.#firstWords.delete(name);
    if (grants) this.#names.add(name);
    else this.#names.delete(name);
  }
}

/** The same for all rules of one cluster. */
const names = new WeakMap<RuledCommands, ReadonlySet<string>>();

function knownNames(commands: RuledCommands): ReadonlySet<string> {
  const known = names.get(commands) ??
    new Set(commands.all.flatMap(withSubcommands).map(({ name }) => name));
  names.set(commands, known);
  return known;
}

/** Why a text is no rule for these commands, as messages say it after "expected"; null where it is one. */
export function whyNoRule(text: string, commands: RuledCommands): string | null {
  const rule = readRule(text);
  if (rule === null) return 'rules such as "@read", "-keys", "+config|get"';
  const { name, word, grants } = rule;
  if (name.startsWith("@")) {
    if (name === ALL || commands.categories.includes(name)) return null;
    return `a category of ${commands.categories.join(", ")} or ${ALL}`;
  }
  const command = commands.all.find((one) => one.name === name);
  if (command === undefined) return commands.mayExist(name) ? null : "the name of a command";
  if (word === null) return null;
  if (command.subcommands.length === 0) {
    return grants ? null : "no first word behind a command that is taken away";
  }
  const isKnown = command.subcommands.some((one) => one.name === `${name}|${word}`);
  return isKnown ? null : `a subcommand of ${name}`;
}

function readRule(text: string): Rule | null {
  const found = /^([+-]?)(@[a-z0-9_-]+|[^\s|@~&%+-][!-{}~]*)(?:\|([!-{}~]+))?$/i
    .exec(WHOLE.get(text.toLowerCase()) ?? text);
  if (found === null) return null;
  const [, sign, name, word] = found;
  if (word !== undefined && name!.startsWith("@")) return null;
  return {
    grants: sign !== "-",
    name: name!.toLowerCase(),
    word: word?.toLowerCase() ?? null,
  };
}

function withSubcommands(command: RuledCommand): readonly RuledCommand[] {
  return [command, ...command.subcommands];
}
