// Takes the lease, and never sends.
import { Client } from "devicegrant";

const client = new Client({
  fetch: () => {
    process.stdout.write("here");
    return new Promise(() => {});
  },
});
setInterval(() => {}, 1000);
await client.token({ reject: process.argv[2] });
