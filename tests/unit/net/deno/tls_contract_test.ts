import { DenoEngine } from "../../../../src/net/deno/deno_engine.ts";
import { testIoEngineOverTls } from "../../../contract/io_engine_contract.ts";
import { testIoTlsContract } from "../../../contract/io_tls_contract.ts";

// Deno tells of a reset as of the end.
testIoEngineOverTls("deno", (clock) => new DenoEngine(clock), false);
testIoTlsContract("deno", (clock) => new DenoEngine(clock));
