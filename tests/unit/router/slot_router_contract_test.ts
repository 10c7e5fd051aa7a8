import { failures } from "../../../src/failure.ts";
import { SlotMap } from "../../../src/router/slot_map.ts";
import { SlotRouter } from "../../../src/router/slot_router.ts";
import { testRouterContract } from "../../contract/router_contract.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { slotDialect } from "../../support/clients/slot_dialect.ts";

/** Two masters; the second begins at this slot. */
function mapWith(boundary: number): SlotMap {
  return SlotMap.fromRanges([
    { first: 0, last: boundary - 1, master: "h:7000", replicas: [] },
    { first: boundary, last: 16_383, master: "h:7001", replicas: [] },
  ]);
}

testRouterContract("slots", () => {
  const rig = new CoreRig({ backendCount: 0, retainsRequests: true });
  const router = new SlotRouter(rig.context, {
    dialect: slotDialect,
    readPolicy: "master",
    zone: "",
    mayDivide: () => true,
    refreshWanted: () => {},
    slotMoved: () => {},
    waitEnded: () => {},
  });
  router.setMap(mapWith(8192));
  let isMoved = false;
  return {
    router,
    changeOwners: () => {
      isMoved = !isMoved;
      router.setMap(mapWith(isMoved ? 4096 : 8192));
    },
    loseAll: () => router.setMap(SlotMap.fromRanges([])),
    [Symbol.dispose]: () => {
      router.close(failures.shuttingDown);
      rig[Symbol.dispose]();
    },
  };
});
