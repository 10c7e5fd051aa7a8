import { assertEquals } from "../deps.ts";
import manifest from "../../deno.json" with { type: "json" };
import { VERSION } from "../../src/version.ts";

Deno.test("VERSION is that of deno.json", () => {
  assertEquals(VERSION, manifest.version);
});
