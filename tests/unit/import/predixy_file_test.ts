import { parsePredixyFile } from "../../../src/import/predixy_file.ts";
import { assertEquals, assertThrows } from "../../deps.ts";

Deno.test("lines, scopes and lists are read, comments and quotes taken off", () => {
  const entries = parsePredixyFile(`## a comment
Name  One Two   # said
Authority {
    Auth "a#b\\"c" {
        Mode read
    }
    Auth {
    }
}
Servers {
    + h:1
    + h:2
}
`);
  assertEquals(entries, [
    { key: "Name", value: "One Two", entries: [], line: 2 },
    {
      key: "Authority",
      value: "",
      line: 3,
      entries: [
        {
          key: "Auth",
          value: 'a#b"c',
          line: 4,
          entries: [{ key: "Mode", value: "read", entries: [], line: 5 }],
        },
        { key: "Auth", value: "", entries: [], line: 7 },
      ],
    },
    {
      key: "Servers",
      value: "",
      line: 10,
      entries: [
        { key: "+", value: "h:1", entries: [], line: 11 },
        { key: "+", value: "h:2", entries: [], line: 12 },
      ],
    },
  ]);
});

Deno.test("braces that do not pair are said with their line", () => {
  assertThrows(() => parsePredixyFile("A 1\n}\n"), TypeError, "line 2: there is no scope to close");
  assertThrows(() => parsePredixyFile("A {\nB {\n}\n"), TypeError, "line 1: this scope is not");
  const deep = Array.from({ length: 20 }, (_, depth) => `S${depth} {`).join("\n");
  assertThrows(() => parsePredixyFile(deep), TypeError, "too many scopes within scopes");
});
