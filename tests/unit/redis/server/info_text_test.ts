import {
  readInfo,
  readNumber,
  readParts,
  writeInfo,
  writeParts,
} from "../../../../src/redis/server/info_text.ts";
import { assertEquals } from "../../../deps.ts";

const TEXT = "# Server\r\nos:Linux 6 x86_64\r\nconfig_file:\r\n\r\n# Keyspace\r\n" +
  "db0:keys=3,expires=1,avg_ttl=7\r\n";

Deno.test("a text that is read and written is the same", () => {
  assertEquals(readInfo(TEXT), [
    { title: "Server", fields: [["os", "Linux 6 x86_64"], ["config_file", ""]] },
    { title: "Keyspace", fields: [["db0", "keys=3,expires=1,avg_ttl=7"]] },
  ]);
  assertEquals(writeInfo(readInfo(TEXT)), TEXT);
});

Deno.test("what is no line of INFO is passed over", () => {
  assertEquals(readInfo("x:1\r\n:2\r\nnonsense\r\n# A\r\nb:c:d\r\n"), [
    { title: "A", fields: [["b", "c:d"]] },
  ]);
});

Deno.test("a value may have parts, or be a number", () => {
  assertEquals(readParts("keys=3,expires=1"), [["keys", "3"], ["expires", "1"]]);
  assertEquals([readParts("3"), readParts("a,b=1"), readParts("=1")], [null, null, null]);
  assertEquals(writeParts([["keys", "3"], ["expires", "1"]]), "keys=3,expires=1");
  assertEquals(["-1", "2.50", "98.1%", "", "7.0.15"].map(readNumber), [-1, 2.5, null, null, null]);
});
