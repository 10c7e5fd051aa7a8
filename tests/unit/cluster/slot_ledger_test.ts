/**
 * Which of the nodes' words about the slots are believed.
 *
 * @module
 */
import { countSlots, SlotLedger, type SlotView } from "../../../src/cluster/slot_ledger.ts";
import type { SlotRange } from "../../../src/worker/messages.ts";
import { slotDialect } from "../../support/clients/slot_dialect.ts";
import { assertEquals } from "../../deps.ts";

/** A view, as the line protocol writes it: `FIRST-LAST=MASTER,REPLICA…@EPOCH#ID`. */
function view(text: string, ...otherIds: string[]): SlotView {
  const read = slotDialect.readView([new TextEncoder().encode(`${text}\n`)], "h");
  if (read === null || read === "more") throw new Error(`No view: ${text}`);
  return { ...read, ids: new Set([...read.ids, ...otherIds]) };
}

function written({ first, last, master, replicas, epoch, id }: SlotRange): string {
  const nodes = [master, ...replicas].join();
  return `${first}-${last}=${nodes}${epoch === undefined ? "" : `@${epoch}`}${id ? `#${id}` : ""}`;
}

class Scene {
  readonly ledger = new SlotLedger();

  /** @param known What is believed at first. */
  constructor(known = "0-8191=a:1@3#A 8192-16383=b:1@2#B") {
    if (known !== "") this.hears(known);
  }

  /** Asks one node after the other until it is decided; null if these are too few. */
  hears(...views: (string | SlotView)[]): string | null {
    const read = views.map((one) => typeof one === "string" ? view(one) : one);
    for (let count = 1; count <= read.length; count++) {
      const judgement = this.ledger.judge(read.slice(0, count), false);
      if (!judgement.isOpen) return this.#accept(read.slice(0, count), false);
    }
    return null;
  }

  /** As {@link Scene.hears}, where nobody else can be asked. */
  hearsAll(...views: string[]): string {
    return this.#accept(views.map((one) => view(one)), true);
  }

  #accept(views: SlotView[], isLast: boolean): string {
    const judgement = this.ledger.judge(views, isLast);
    this.ledger.accept(judgement);
    return judgement.ranges.map(written).join(" ");
  }
}

const KNOWN = "0-8191=a:1@3#A 8192-16383=b:1@2#B";

Deno.test("the first map is believed, and put together from several where it has gaps", () => {
  assertEquals(new Scene("").hears(KNOWN), KNOWN);
  assertEquals(
    new Scene("").hears("0-9=a:1@1#A", "10-16383=b:1@1#B"),
    "0-9=a:1@1#A 10-16383=b:1@1#B",
  );
  const gaps = "0-9=a:1@1#A";
  assertEquals(new Scene("").hears(gaps, gaps), null);
  assertEquals(new Scene("").hears(gaps, gaps, gaps), gaps);
  // Of two that disagree the one with the higher epoch knows better.
  assertEquals(new Scene("").hears("0-9=a:1@1#A", "0-16383=b:1@2#B"), "0-16383=b:1@2#B");
});

Deno.test("a higher epoch is believed at once, and only for its slots", () => {
  const heir = "0-8191=c:1@4#C 8192-16383=a:1@1#A";
  assertEquals(new Scene().hears(heir), null);
  assertEquals(new Scene().hears(heir, KNOWN), "0-8191=c:1@4#C 8192-16383=b:1@2#B");
});

Deno.test("a node that lags behind does not turn the map back", () => {
  const scene = new Scene();
  const heir = "0-8191=c:1@4#C 8192-16383=b:1@2#B";
  assertEquals(scene.hears(heir), heir);
  assertEquals(scene.hears(KNOWN), null);
  assertEquals(scene.hears(KNOWN, heir), heir);
  // Not even where two of them lag behind, as long as one knows better.
  assertEquals(scene.hears(KNOWN, KNOWN), null);
  assertEquals(scene.hearsAll(KNOWN, heir, KNOWN), heir);
});

Deno.test("what every node that can be reached says is believed, whatever its epoch", () => {
  const scene = new Scene();
  const older = "0-8191=b:1@2#B 8192-16383=b:1@2#B";
  assertEquals(scene.hearsAll(older, older), "0-16383=b:1@2#B");
});

Deno.test("the same epoch, or one that is not told, needs a second node's word", () => {
  for (const epoch of ["@3", ""]) {
    const moved = `0-8191=a:2${epoch}#A 8192-16383=b:1@2#B`;
    assertEquals(new Scene().hears(moved), null);
    assertEquals(new Scene().hears(moved, KNOWN), KNOWN);
    assertEquals(new Scene().hears(moved, moved), moved);
  }
});

Deno.test("slots that nobody has any more need the word of all", () => {
  assertEquals(new Scene().hears("8192-16383=b:1@2#B", "8192-16383=b:1@2#B"), null);
  assertEquals(new Scene().hearsAll("8192-16383=b:1@2#B"), "8192-16383=b:1@2#B");
});

Deno.test("what MOVED has said is newer than what a node that lags behind says", () => {
  const scene = new Scene();
  scene.ledger.moved(5, "c:1");
  assertEquals(scene.hears(KNOWN, KNOWN), null);
  const moved = "0-4=a:1@3#A 5-5=c:1@4#C 6-8191=a:1@3#A 8192-16383=b:1@2#B";
  assertEquals(scene.hears(KNOWN, moved), moved);
  assertEquals(scene.hears(moved), moved);
});

Deno.test("MOVED to the known owner changes nothing", () => {
  const scene = new Scene();
  scene.ledger.moved(5, "a:1");
  assertEquals(scene.hears(KNOWN), KNOWN);
});

Deno.test("a node that lags behind does not lower the epoch of an owner that it confirms", () => {
  const scene = new Scene();
  assertEquals(scene.hears("0-8191=a:1@1#A 8192-16383=b:1@2#B"), KNOWN);
});

Deno.test("a cluster made anew on the same addresses is believed, whatever its epochs", () => {
  const remade = "0-8191=b:1@1#X 8192-16383=a:1@1#Y";
  assertEquals(new Scene().hears(remade), remade);
  // Not beside a node that still knows the former one.
  assertEquals(new Scene().hears(view(remade), view(KNOWN)), remade);
  assertEquals(new Scene().hears(view("0-8191=b:1@1#X 8192-16383=a:1@1#Y", "A"), KNOWN), KNOWN);
});

Deno.test("a node of another cluster at an address of ours is believed only where nobody else is left", () => {
  const foreign = "0-16383=z:1@99#Z";
  assertEquals(new Scene().hears(foreign), null);
  assertEquals(new Scene().hears(foreign, KNOWN), KNOWN);
  assertEquals(new Scene().hearsAll(foreign), "0-16383=z:1@-1#Z");
});

Deno.test("a node of another cluster stays a stranger, however often it is heard", () => {
  const scene = new Scene();
  const foreign = "0-16383=z:1@99#Z";
  assertEquals(scene.hears(foreign, KNOWN), KNOWN);
  assertEquals(scene.hears(foreign), null);
  assertEquals(scene.hears(foreign, KNOWN), KNOWN);
});

Deno.test("replicas are those that the believed node names", () => {
  const replicas = "0-8191=a:1,a:2@3#A 8192-16383=b:1@2#B";
  assertEquals(new Scene().hears(replicas), replicas);
});

Deno.test("forget() has the next view believed", () => {
  const scene = new Scene();
  scene.ledger.forget();
  assertEquals(scene.hears("0-16383=z:1@1#Z"), "0-16383=z:1@1#Z");
});

Deno.test("countSlots() counts both ends of each range", () => {
  const range = { master: "h:1", replicas: [] };
  assertEquals(countSlots([]), 0);
  assertEquals(countSlots([{ ...range, first: 5, last: 5 }, { ...range, first: 7, last: 9 }]), 4);
});
