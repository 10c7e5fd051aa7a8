/**
 * Writes the audit log: one JSON object a line, to standard error or to the end of a file. Like the log it never waits
 * for whoever reads it.
 *
 * @module
 */
import { STANDARD_ERROR } from "../config/runtime.ts";
import type { AuditRecord } from "../observe/audit.ts";
import type { Log } from "../observe/log.ts";
import { LogWriter } from "./log_writer.ts";
import { StartError } from "./start_error.ts";

/** An audit log that is open. */
export interface AuditLog {
  write(record: AuditRecord): void;
  /** Waits until all records are taken, not for ever, and closes the file. */
  close(): Promise<void>;
}

/**
 * Opens the audit log.
 *
 * @param target A path, or {@link STANDARD_ERROR}; null: there is none.
 * @param writeLine Writes a line to standard error.
 * @throws {StartError} If the file cannot be written.
 */
export function openAuditLog(
  target: string | null,
  writeLine: (line: string) => void,
  log: Log,
): AuditLog | null {
  if (target === null) return null;
  if (target === STANDARD_ERROR) {
    return { write: (record) => writeLine(lineOf(record)), close: () => Promise.resolve() };
  }
  const file = openFile(target);
  const writer = new LogWriter(file, (count) => {
    log.warning("Audit records were lost: nobody took them", { count });
  });
  return {
    write: (record) => writer.write(lineOf(record)),
    async close() {
      await writer.drain();
      file.close();
    },
  };
}

function openFile(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { append: true, create: true, mode: 0o600 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(`Cannot open audit_log "${path}": ${reason}`);
  }
}

function lineOf(record: AuditRecord): string {
  return `${JSON.stringify(record)}\n`;
}
