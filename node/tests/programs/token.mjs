// Prints the token of the login in the home: `token.mjs [REJECT]`.
import { Client } from "devicegrant";

const reject = process.argv[2] ?? process.env.DEVICEGRANT_REJECT;
const client = new Client({});
process.stdout.write(await client.token(reject ? { reject } : {}));
