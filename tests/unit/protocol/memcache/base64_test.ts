import { decodeBase64 } from "../../../../src/protocol/memcache/base64.ts";
import { assertEquals } from "../../../deps.ts";
import { seededRandom } from "../../../support/tools/seed.ts";
import { toBytes, toText } from "./parse_stream.ts";

function decoded(text: string): string | null {
  const bytes = decodeBase64(toBytes(`A${text}A`), 1, text.length + 1);
  return bytes === null ? null : toText(bytes);
}

Deno.test("base64 is decoded as memcached decodes it", () => {
  assertEquals(decoded("Zm9v"), "foo");
  assertEquals(decoded("Zm8="), "fo");
  assertEquals(decoded("Zg=="), "f");
  assertEquals(decoded("Zm9vYmFy"), "foobar");
  assertEquals(decoded("Zm!9v"), "foo");
  for (const text of ["", "Z", "Zm9", "Zm9v=", "!!!", "Z===", "Zm8=Z"]) {
    assertEquals(decoded(text), null, text);
  }
});

Deno.test("any bytes come back", () => {
  const random = seededRandom("base64");
  for (let length = 1; length < 60; length++) {
    const text = Array.from({ length }, () => String.fromCharCode(random.between(0, 255))).join("");
    assertEquals(decoded(btoa(text)), text);
  }
});
