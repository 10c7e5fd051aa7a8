/**
 * From a request's words to its row and its keys, or to the error that answers it.
 *
 * @module
 */
import type { CommandRow, CommandTable } from "../../command_table.ts";
import type { RequestFrame } from "../../protocol.ts";
import { DOTTED_ROW } from "../commands/custom.ts";
import { createRowErrors, type RowErrors, unknownCommandError } from "./request_errors.ts";

const DOT = 0x2e;

/** One per protocol; keeps the errors of every row ready. */
export class RequestDescriber {
  readonly #commands: CommandTable;
  #errors: RowErrors;
  readonly #routesDotted: boolean;

  /** @param routesDotted Whether names with a dot that the table does not have go where their first argument is. */
  constructor(commands: CommandTable, routesDotted = false) {
    this.#commands = commands;
    this.#routesDotted = routesDotted;
    this.#errors = createRowErrors(commands.rows);
  }

  /** The table has new rows. */
  tableGrew(): void {
    this.#errors = createRowErrors(this.#commands.rows);
  }

  /** Has an unknown request go where its first argument is, if it has one. Returns whether it has. */
  describeDotted(frame: RequestFrame, bytes: Uint8Array): boolean {
    if (frame.argumentCount < 2 || !nameOf(frame, bytes).includes(DOT)) return false;
    frame.row = DOTTED_ROW;
    frame.refusal = null;
    frame.firstKey = 1;
    frame.keyStep = 1;
    frame.keyCount = 1;
    return true;
  }

  /** Fills the fields of `frame` that follow from its words, which stand in `bytes`. */
  describe(frame: RequestFrame, bytes: Uint8Array): void {
    const start = frame.start;
    const offsets = frame.offsets;
    const row = this.#commands.find(bytes, start + offsets[0]!, start + offsets[1]!);
    frame.row = row;
    frame.extraKey = -1;
    frame.refusal = null;
    if (row === null) {
      this.#describeUnknown(frame, bytes);
      return;
    }
    const count = frame.argumentCount;
    const arity = row.arity;
    const firstKey = row.firstKey;
    frame.firstKey = firstKey;
    if (arity > 0 ? count !== arity : count < -arity) {
      frame.keyCount = 0;
      frame.refusal = this.#errors.arity[row.index]!;
    } else if (firstKey === row.lastKey && row.keyFinder === null && row.refusal === null) {
      frame.keyStep = 1;
      frame.keyCount = firstKey === 0 ? 0 : 1;
    } else {
      this.#describeKeys(frame, bytes, row);
    }
  }

  /** A module's command goes where its first argument is; anything else that is unknown is an error. */
  #describeUnknown(frame: RequestFrame, bytes: Uint8Array): void {
    if (this.#routesDotted && this.describeDotted(frame, bytes)) return;
    frame.keyCount = 0;
    frame.refusal = unknownCommandError(frame, bytes);
  }

  /** Rows with several keys, with a key finder, or refused. */
  #describeKeys(frame: RequestFrame, bytes: Uint8Array, row: CommandRow): void {
    frame.keyStep = row.keyStep;
    frame.keyCount = 0;
    if (row.refusal !== null) {
      frame.refusal = this.#errors.refused[row.index]!;
      return;
    }
    if (row.firstKey > 0) {
      const last = row.lastKey < 0 ? frame.argumentCount + row.lastKey : row.lastKey;
      const words = last - row.firstKey + 1;
      // Only steps above 1 can leave a rest: MSET with a key that lacks its value.
      if (words % row.keyStep !== 0) {
        frame.refusal = this.#errors.arity[row.index]!;
        return;
      }
      frame.keyCount = words / row.keyStep;
    }
    if (row.keyFinder !== null) row.keyFinder(frame, bytes);
  }
}

function nameOf(frame: RequestFrame, bytes: Uint8Array): Uint8Array {
  return bytes.subarray(frame.argumentStart(0), frame.argumentEnd(0));
}
