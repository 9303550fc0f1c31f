// Plays the person who approves (or denies) a sign-in, over the server's own HTML forms.

const TAG = /<(form|input|button)\b([^>]*)>/gi;
const YES = [["action", "accept"], ["action", "approve"], ["decision", "approve"]];
const NO = [["action", "deny"], ["abort", "yes"], ["decision", "deny"]];

function formOf(page) {
  let form;
  for (const [, tag, words] of page.matchAll(TAG)) {
    const at = Object.fromEntries([...words.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
    if (tag.toLowerCase() === "form") {
      if (form) continue;
      form = { id: at.id, action: at.action ?? "", fields: {}, buttons: [] };
    } else if (form) {
      const kind = at.type ?? (tag.toLowerCase() === "button" ? "submit" : "text");
      if (kind === "submit") form.buttons.push([at.name, at.value]);
      else if (at.name) form.fields[at.name] = at.value ?? "";
    }
  }
  return form;
}

/** A browser with cookies; where it is sent to an address that begins with `landing`, it stops there. */
function browser(landing) {
  const cookies = new Map();
  return async (url, form) => {
    for (let hops = 0; hops < 10; hops += 1) {
      const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") };
      const answer = await fetch(url, form
        ? { method: "POST", body: new URLSearchParams(form), headers, redirect: "manual" }
        : { headers, redirect: "manual" });
      for (const set of answer.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(set);
        cookies.set(name, value);
      }
      const to = answer.headers.get("location");
      if (!to) return { url, page: await answer.text() };
      if (landing && to.startsWith(landing)) return { landed: to };
      [url, form] = [new URL(to, url), undefined];
    }
    throw new Error("the pages lead in a circle");
  };
}

/** What is sent for a form, and whether that is a yes or no. */
function filled(form, { as, code, approve }) {
  const data = { ...form.fields };
  if ("login" in data) Object.assign(data, { login: as, password: "wonderland" });
  if ("user_code" in data) data.user_code = code;
  const wanted = approve ? YES : NO;
  const chosen = form.buttons.find(([name, value]) => wanted.some(([n, v]) => n === name && v === value));
  if (chosen) data[chosen[0]] = chosen[1];
  return [data, Boolean(chosen)];
}

/** Enters the code as somebody and says yes or no. */
export async function decide(address, code, { as = "alice", approve = true } = {}) {
  const ask = browser();
  let there = await ask(new URL(address));
  for (let pages = 0; pages < 8; pages += 1) {
    const form = formOf(there.page);
    if (!form) return there.page;
    const [data, isAnswer] = filled(form, { as, code, approve });
    there = await ask(new URL(form.action, there.url), data);
    if (isAnswer && !approve) return there.page;
  }
  throw new Error(`the approval led nowhere: ${there.page.slice(0, 300)}`);
}

/** Signs in at the address, says yes or no, and gives the address that the browser ends at, where nobody listens. */
export async function land(address, landing, { as = "alice", approve = true } = {}) {
  const ask = browser(landing);
  let there = await ask(new URL(address));
  for (let pages = 0; pages < 8 && !there.landed; pages += 1) {
    const abort = !approve && /<a\b[^>]*href="([^"]+\/abort)"/.exec(there.page)?.[1];
    const form = formOf(there.page);
    there = abort
      ? await ask(new URL(abort, there.url))
      : await ask(new URL(form.action, there.url), filled(form, { as, approve })[0]);
  }
  if (!there.landed) throw new Error(`the sign-in led nowhere: ${there.page.slice(0, 300)}`);
  return there.landed;
}
