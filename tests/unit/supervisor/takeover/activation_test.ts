/**
 * What systemd tells of the sockets that it hands over.
 *
 * @module
 */
import { activationCount } from "../../../../src/supervisor/takeover/activation.ts";
import { assertEquals } from "../../../deps.ts";

function source(pid: string | undefined, count: string | undefined) {
  return {
    pid: 7,
    get: (name: "LISTEN_PID" | "LISTEN_FDS") => name === "LISTEN_PID" ? pid : count,
  };
}

Deno.test("sockets are those that are meant for this process", () => {
  assertEquals(activationCount(source("7", "3")), 3);
  assertEquals(activationCount(source("7", "9999")), 4096);
  for (
    const [pid, count] of [
      [undefined, "3"],
      ["8", "3"],
      ["", "3"],
      ["7", undefined],
      ["7", ""],
      ["7", "-1"],
      ["7", "three"],
    ] as const
  ) assertEquals(activationCount(source(pid, count)), 0, `${pid} ${count}`);
});
