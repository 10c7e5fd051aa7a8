/**
 * The thread in which one of {@link ABUSERS} misbehaves.
 *
 * @module
 */
import { ABUSERS } from "./abuser_list.ts";

addEventListener("message", async ({ data }: MessageEvent<{ id: string; port: number }>) => {
  const abuser = ABUSERS.find(({ id }) => id === data.id)!;
  await abuser.act(data.port);
});
