/**
 * Who of two answers counts, and what becomes of the other one.
 *
 * @module
 */
import { failures } from "../../../src/failure.ts";
import { Exchange, ExchangeState, NOBODY } from "../../../src/request/exchange.ts";
import { BackupRace } from "../../../src/router/backup_race.ts";
import { RecordingReceiver } from "../../support/fakes/recording_receiver.ts";
import { assertEquals } from "../../deps.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

class Scene {
  readonly receiver = new RecordingReceiver();
  readonly main = new Exchange();
  readonly backup = new Exchange();
  readonly race: BackupRace;
  wins = 0;
  errorsPassed = 0;
  /** Whether an error reply is dealt with otherwise. */
  isLooked = false;

  constructor() {
    this.main.begin(this.receiver, 3, 7, true, NOBODY);
    this.race = new BackupRace(this.main, {
      look: () => this.isLooked,
      backupWon: () => this.wins += 1,
      errorPassed: () => this.errorsPassed += 1,
    });
    this.race.begin(this.backup);
  }

  reply(exchange: Exchange, text: string): void {
    if (exchange.receiver === null) return;
    const bytes = bytesOf(text);
    exchange.receiver.onReply(exchange, bytes, 0, bytes.length, text.startsWith("-"), false);
  }

  fail(exchange: Exchange): void {
    const { receiver } = exchange;
    exchange.swallow();
    receiver?.onFailure(exchange, failures.backendTimeout, "h:1");
  }
}

Deno.test("the backup is of the same place and fragment", () => {
  const { backup, race } = new Scene();
  assertEquals([backup.fragment, backup.place, backup.isRead], [3, 7, true]);
  assertEquals(backup.receiver, race);
});

Deno.test("the first value counts, the other one is swallowed", () => {
  for (const first of ["main", "backup"] as const) {
    const scene = new Scene();
    const other = first === "main" ? scene.backup : scene.main;
    scene.reply(scene[first], "1");
    assertEquals(other.state, ExchangeState.Swallowed);
    scene.reply(other, "2");
    assertEquals(scene.receiver.heard, ["1"]);
    assertEquals(scene.wins, first === "backup" ? 1 : 0);
  }
});

Deno.test("an error of the backup counts for nothing", () => {
  for (const isFailure of [true, false]) {
    const scene = new Scene();
    if (isFailure) scene.fail(scene.backup);
    else scene.reply(scene.backup, "-x");
    assertEquals(scene.receiver.heard, []);
    scene.reply(scene.main, "1");
    assertEquals(scene.receiver.heard, ["1"]);
  }
});

Deno.test("an error of the main exchange waits for what the backup says", () => {
  for (const isFailure of [true, false]) {
    const scene = new Scene();
    if (isFailure) scene.fail(scene.main);
    else scene.reply(scene.main, "-x");
    // From now on whoever waits holds on to the backup.
    assertEquals(scene.receiver.heard, ["redirected"]);
    scene.reply(scene.backup, "1");
    assertEquals([scene.receiver.heard, scene.wins], [["redirected", "1"], 1]);
  }
});

Deno.test("where both fail, the main exchange's word is passed on", () => {
  const failed = new Scene();
  failed.fail(failed.main);
  failed.reply(failed.backup, "-y");
  assertEquals(failed.receiver.heard, ["redirected", "!backend_timeout h:1"]);
  const erred = new Scene();
  erred.reply(erred.main, "-x");
  erred.fail(erred.backup);
  assertEquals([erred.receiver.heard, erred.errorsPassed], [["redirected", "-x"], 1]);
});

Deno.test("behind the end of the backup the main exchange is as without one", () => {
  const scene = new Scene();
  scene.reply(scene.backup, "-y");
  scene.reply(scene.main, "-x");
  assertEquals([scene.receiver.heard, scene.errorsPassed], [["-x"], 0]);
  const other = new Scene();
  other.reply(other.backup, "-y");
  other.fail(other.main);
  assertEquals(other.receiver.heard, ["!backend_timeout h:1"]);
});

Deno.test("a redirection is followed, and the race goes on", () => {
  const scene = new Scene();
  scene.isLooked = true;
  const successor = new Exchange();
  successor.begin(scene.main.receiver!, 3, 7, true, NOBODY);
  scene.main.receiver!.onRedirect(scene.main, successor);
  scene.reply(scene.main, "-moved");
  assertEquals(scene.receiver.heard, ["redirected"]);
  scene.reply(scene.backup, "1");
  assertEquals([scene.receiver.heard, successor.state], [
    ["redirected", "1"],
    ExchangeState.Swallowed,
  ]);
});

Deno.test("whoever has left is given nothing", () => {
  const scene = new Scene();
  scene.main.swallow();
  scene.reply(scene.backup, "1");
  assertEquals(scene.receiver.heard, []);
  const recycled = new Scene();
  recycled.receiver.generation += 1;
  recycled.reply(recycled.backup, "1");
  assertEquals(recycled.receiver.heard, []);
  const failed = new Scene();
  failed.fail(failed.main);
  failed.backup.swallow();
  failed.reply(failed.backup, "1");
  assertEquals(failed.receiver.heard, ["redirected"]);
});

Deno.test("a backup that goes on elsewhere stays the backup", () => {
  for (const isMainOver of [false, true]) {
    const scene = new Scene();
    if (isMainOver) scene.fail(scene.main);
    const successor = new Exchange();
    successor.begin(scene.backup.receiver!, 3, 7, true, NOBODY);
    scene.backup.receiver!.onRedirect(scene.backup, successor);
    scene.backup.swallow();
    scene.reply(successor, "2");
    const heard = isMainOver ? ["redirected", "redirected", "2"] : ["2"];
    assertEquals([scene.receiver.heard, scene.wins], [heard, 1]);
    scene.reply(scene.main, "1");
    assertEquals(scene.receiver.heard, heard);
  }
});
