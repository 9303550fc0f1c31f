// `workerd test` calls this.
import * as dg from "devicegrant";
import vectors from "./vectors.json";
import { all } from "./all.mjs";

export default {
  async test() {
    const { played, failures } = await all(dg, vectors);
    console.log(`${played - failures.length} of ${played} vectors passed`);
    if (failures.length) throw new Error(failures.join("\n"));
  },
};
