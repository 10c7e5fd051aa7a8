import { DenoEngine } from "../../../../src/net/deno/deno_engine.ts";
import { testIoEngineContract } from "../../../contract/io_engine_contract.ts";

testIoEngineContract("deno", (clock) => new DenoEngine(clock), {
  sanitizeResources: true,
});
