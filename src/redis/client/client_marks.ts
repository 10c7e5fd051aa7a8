/**
 * What clients said of themselves, and how they set up their connections: what CLIENT LIST shows of it.
 *
 * @module
 */
import type { CommandRow } from "../../protocol/command_table.ts";
import { respDescriptions } from "../../protocol/resp/commands/mod.ts";
import type { ServerWays } from "../server/server_kind.ts";
import type { LocalClient } from "../../session/stages.ts";

/** Names given by CLIENT SETNAME and HELLO SETNAME. */
export type ClientNames = WeakMap<LocalClient, string>;

/** What client libraries say of themselves by CLIENT SETINFO. */
export type ClientLibraries = WeakMap<LocalClient, ClientLibrary>;

/** A client library, as it names itself. */
export interface ClientLibrary {
  readonly name: string;
  readonly version: string;
}

/** A command with the subcommand that was asked for. */
interface LastSubcommand {
  readonly row: CommandRow;
  /** Of both, lower case. */
  readonly name: string;
}

/** What is kept of clients that have said anything. */
export class ClientMarks {
  readonly names: ClientNames = new WeakMap();
  readonly libraries: ClientLibraries = new WeakMap();
  /** Clients that said CLIENT NO-EVICT ON, CLIENT NO-TOUCH ON, READONLY. */
  readonly noEvict = new WeakSet<LocalClient>();
  readonly noTouch = new WeakSet<LocalClient>();
  readonly readOnly = new WeakSet<LocalClient>();
  /** Clients that said CLIENT CAPA REDIRECT: they could be sent to another server, though they never are. */
  readonly redirectable = new WeakSet<LocalClient>();
  readonly #subcommands = new WeakMap<LocalClient, LastSubcommand>();

  /** The client is asking for a subcommand of the command of this row. */
  asked(client: LocalClient, row: CommandRow, subcommand: string): void {
    const name = `${row.name}|${subcommand.toLowerCase()}`;
    // Only names that are known are kept: others may be of any length.
    if (respDescriptions.has(name)) this.#subcommands.set(client, { row, name });
    else this.#subcommands.delete(client);
  }

  /** The last command of a client, as a server names it: `get`, `client|list`, or `NULL`. */
  lastCommand(client: LocalClient): string {
    const { lastRow } = client;
    if (lastRow === null) return "NULL";
    const last = this.#subcommands.get(client);
    return last?.row === lastRow ? last.name : nameOf(lastRow);
  }

  /** RESET. What CLIENT SETINFO and CAPA said stays, and NO-EVICT at some servers, as `ways` say. */
  reset(client: LocalClient, { resetsNoEvict }: ServerWays): void {
    if (resetsNoEvict) this.noEvict.delete(client);
    this.names.delete(client);
    this.readOnly.delete(client);
    this.noTouch.delete(client);
  }
}

/** The name that clients say; a row's own may say which form of the command it is. */
function nameOf(row: CommandRow): string {
  return row.name.split("|")[0]!;
}
