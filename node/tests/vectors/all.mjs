// Plays every vector, and tells how it went.
import { play } from "./player.mjs";

/** Another library that renews beside this one is Rust's alone (rmcp); core replays those. */
export const isPlayed = (name) => !name.startsWith("outside/");

/** `vectors` maps names to their content. Returns the failures, and how many were played. */
export async function all(dg, vectors) {
  const failures = [];
  const names = Object.keys(vectors).filter(isPlayed);
  let played = 0;
  if (names.length < 600) failures.push(`only ${names.length} vectors were found`);
  for (const name of names) {
    played += 1;
    try {
      await play(dg, name, vectors[name]);
    } catch (error) {
      failures.push(`${name}: ${error?.message ?? error}`);
    }
  }
  return { played, failures };
}
