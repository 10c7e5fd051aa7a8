/**
 * The proxy with checked workers that spoil an object: which, says `ASTER_TEST_SPOILER`.
 *
 * @module
 */
import { main } from "../../src/cli.ts";
import { useCheckedWorkers } from "../support/programs/checked_workers.ts";

const spoiler = Deno.env.get("ASTER_TEST_SPOILER")!;
useCheckedWorkers(new URL(`./spoiled_worker.ts?${spoiler}`, import.meta.url));
Deno.exit(await main(Deno.args));
