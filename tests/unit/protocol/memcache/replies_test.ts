import { allFailures, failures } from "../../../../src/failure.ts";
import { MemcacheCommands } from "../../../../src/protocol/memcache/commands.ts";
import {
  isErrorLine,
  lineReplies,
  refusalsOf,
  writeFailure,
} from "../../../../src/protocol/memcache/replies.ts";
import { assert, assertEquals } from "../../../deps.ts";
import { parseReplies, toBytes, toText, written } from "./parse_stream.ts";

Deno.test("writeFailure() names the backend where there is one", () => {
  assertEquals(
    written((target) => writeFailure(failures.connectRefused, "127.0.0.1:11211", target)),
    "SERVER_ERROR backend 127.0.0.1:11211: connection refused\r\n",
  );
  assertEquals(
    written((target) => writeFailure(failures.noBackend, "", target)),
    "SERVER_ERROR no backend is available\r\n",
  );
});

Deno.test("every failure, refusal and line reply is one whole reply of the protocol", () => {
  for (const failure of allFailures) {
    const text = written((target) => writeFailure(failure, "[::1]:11211", target));
    assertEquals(parseReplies([toBytes(text)]).seen, [{ text, isError: true }]);
  }
  for (const refusal of refusalsOf(new MemcacheCommands().rows)) {
    if (refusal === null) continue;
    assertEquals(parseReplies([refusal]).seen, [{ text: toText(refusal), isError: true }]);
  }
  const { none, end, ...errors } = lineReplies;
  assertEquals([none.length, toText(end)], [0, "END\r\n"]);
  for (const error of Object.values(errors)) {
    assertEquals(parseReplies([error]).seen, [{ text: toText(error), isError: true }]);
  }
});

Deno.test("isErrorLine() knows the three kinds of error from everything else", () => {
  for (const line of ["ERROR\r\n", "CLIENT_ERROR x\r\n", "SERVER_ERROR x\r\n"]) {
    assert(isErrorLine(toBytes(line), 0, line.length), line);
  }
  for (const line of ["END\r\n", "EXISTS\r\n", "STORED\r\n", "SERVER_ERR", "CLIENT\r\n", "1\r\n"]) {
    assert(!isErrorLine(toBytes(line), 0, line.length), line);
  }
});
