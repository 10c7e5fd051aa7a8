import { assertEquals } from "../../deps.ts";
import { RestartBackoff } from "../../../src/supervisor/restart_backoff.ts";

Deno.test("RestartBackoff doubles from 0.1 s to 5 s and is forgiven after a long run", () => {
  const backoff = new RestartBackoff();
  const delays = Array.from({ length: 8 }, () => backoff.next(29_999));
  assertEquals(delays, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  assertEquals(backoff.next(30_000), 100);
  assertEquals(backoff.next(0), 200);
});
