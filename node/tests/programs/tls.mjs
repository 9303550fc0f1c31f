// Says what signing in at an issuer ends with.
import { Client } from "devicegrant";

const client = new Client({ issuer: process.argv[2], clientId: "app", store: "memory", onPrompt: () => {} });
process.stdout.write(await client.login().catch((error) => error.code));
