// In a browser: plays every vector and tells the server that gave it the page.
import * as dg from "devicegrant";
import { all } from "../vectors/all.mjs";

const vectors = await (await fetch("/vectors.json")).json();
const told = await all(dg, vectors);
// What has to be asked of a person, and what a browser cannot keep.
try {
  new dg.Client({ issuer: "https://a.example", clientId: "a" });
  told.failures.push("a browser has files");
} catch (error) {
  if (error.code !== "bad_option") told.failures.push(String(error));
}
await fetch("/told", { method: "POST", body: JSON.stringify(told) });
