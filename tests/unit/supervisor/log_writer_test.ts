import { assertEquals } from "../../deps.ts";
import { LOG_BACKLOG_LIMIT_BYTES, LogWriter } from "../../../src/supervisor/log_writer.ts";

/** A reader that takes at most `atOnce` bytes of a write, and nothing before it is resumed. */
class SlowReader {
  text = "";
  readonly #resumed = Promise.withResolvers<void>();

  constructor(readonly atOnce: number) {}

  resume(): void {
    this.#resumed.resolve();
  }

  async write(bytes: Uint8Array): Promise<number> {
    await this.#resumed.promise;
    const taken = bytes.subarray(0, this.atOnce);
    this.text += new TextDecoder().decode(taken);
    return taken.length;
  }
}

Deno.test("lines arrive whole and in order, however little is taken at once", async () => {
  const reader = new SlowReader(3);
  const writer = new LogWriter(reader);
  writer.write("first line\n");
  reader.resume();
  writer.write("second\n");
  await writer.drain(5_000);
  writer.write("third\n");
  await writer.drain(5_000);
  assertEquals(reader.text, "first line\nsecond\nthird\n");
});

Deno.test("a reader that stops costs lines, not time, and learns how many", async () => {
  const reader = new SlowReader(LOG_BACKLOG_LIMIT_BYTES);
  const writer = new LogWriter(reader, (count) => writer.write(`${count} lost\n`));
  const line = "x".repeat(LOG_BACKLOG_LIMIT_BYTES / 4 - 1) + "\n";
  for (let count = 0; count < 7; count++) writer.write(line);
  await writer.drain(1);
  assertEquals(reader.text, "");
  reader.resume();
  await writer.drain(5_000);
  assertEquals(reader.text.length, 4 * line.length + "3 lost\n".length);
  assertEquals(reader.text.slice(-8), "\n3 lost\n");
});

Deno.test("a reader that is gone ends nothing", async () => {
  const writer = new LogWriter({ write: () => Promise.reject(new Error("broken pipe")) });
  writer.write("first\n");
  await writer.drain(5_000);
  writer.write("second\n");
  await writer.drain(5_000);
});
