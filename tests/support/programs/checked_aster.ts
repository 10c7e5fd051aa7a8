/**
 * The proxy as `mod.ts` runs it, with the invariants of its workers checked behind each turn.
 *
 * @module
 */
import { main } from "../../../src/cli.ts";
import { useCheckedWorkers } from "./checked_workers.ts";

useCheckedWorkers();
Deno.exit(await main(Deno.args));
