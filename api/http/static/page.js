// The API page. The token lives in this variable only: not in the address, not in storage.
"use strict";

const API = "/api/v1";
const VERDICTS = ["real", "false", "test", "accidental", "not-confirmed", "information", "technical"];
const SHOWN_RESOLVED = 5;
const $ = (id) => document.getElementById(id);
const alerts = new Map();
const names = new Map();
let token = "";
let lastId = null;
let session = 0;

async function call(path, options = {}) {
  const headers = { Authorization: `Bearer ${token}`, ...options.headers };
  const reply = await fetch(path, { ...options, headers });
  if (!reply.ok) throw new Error((await reply.json()).error);
  return reply;
}

function say(text, isError = false) {
  $("said").textContent = text;
  $("said").className = isError ? "error" : "";
  $("said").hidden = !text;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function when(alert) {
  const time = (iso) => new Date(iso).toLocaleString([], { dateStyle: "medium", timeStyle: "medium" });
  const who = alert.resident_id ? names.get(alert.resident_id) || "resident" : `${alert.subject.type} ${alert.subject.id}`;
  let text = `${time(alert.raised_at)} · ${who}`;
  if (alert.acknowledged_by) text += ` · acknowledged by ${alert.acknowledged_by}`;
  if (alert.verdict) text += ` · ${alert.verdict}, by ${alert.resolved_by}`;
  return text;
}

async function act(alert, verb, body) {
  try {
    const headers = { "Content-Type": "application/json" };
    const reply = await call(`${API}/alerts/${alert.id}/${verb}`, { method: "POST", headers, body });
    keep(await reply.json());
    say("");
  } catch (error) {
    say(error.message, true);
  }
}

function actions(alert) {
  const box = element("div", "act", "");
  if (alert.state === "raised") {
    const button = element("button", "", "Acknowledge");
    button.onclick = () => act(alert, "acknowledge");
    box.append(button);
  } else if (alert.state === "acknowledged") {
    const form = element("div", "resolve", "");
    const choice = element("select", "", "");
    choice.setAttribute("aria-label", "verdict");
    const none = element("option", "", "what was it?");
    none.value = "";
    choice.append(none, ...VERDICTS.map((verdict) => element("option", "", verdict)));
    const button = element("button", "", "Resolve");
    button.disabled = true;
    choice.onchange = () => { button.disabled = !choice.value; };
    button.onclick = () => act(alert, "resolve", JSON.stringify({ verdict: choice.value }));
    form.append(choice, button);
    box.append(form);
  }
  return box;
}

function show() {
  const newest = [...alerts.values()].sort((a, b) => b.raised_at.localeCompare(a.raised_at));
  const first = (alert) => alert.state === "raised" && alert.priority === "critical";
  const open = newest.filter((alert) => alert.state !== "resolved").sort((a, b) => first(b) - first(a));
  const resolved = newest.filter((alert) => alert.state === "resolved").slice(0, SHOWN_RESOLVED);
  $("none").hidden = open.length > 0;
  $("list").replaceChildren(...[...open, ...resolved].map((alert) => {
    const item = element("li", alert.state, "");
    item.append(element("span", "what", `${alert.kind} · ${alert.priority} · ${alert.state}: ${alert.summary}`));
    item.append(element("span", "when", when(alert)), actions(alert));
    return item;
  }));
}

async function learnNames() {
  for (const one of await (await call(`${API}/residents`)).json()) names.set(one.id, one.name);
}

async function learnNewcomer(id) {
  names.set(id, "resident"); // asked for once
  await learnNames();
  show();
}

function keep(alert) {
  if (alert.resident_id && !names.has(alert.resident_id)) learnNewcomer(alert.resident_id).catch((error) => say(error.message, true));
  const known = alerts.get(alert.id);
  alerts.set(alert.id, alert);
  // A choice that somebody is making is not taken away by an event that changes nothing to see.
  const seen = ["state", "priority", "summary"];
  if (!known || seen.some((name) => known[name] !== alert[name])) show();
}

function link(text, state) {
  $("link").textContent = text;
  $("link").className = state;
}

function heard(block) {
  let event = "message", data = "", id = null;
  for (const line of block.split("\n")) {
    const [, name, value] = /^([^:]*): ?(.*)$/.exec(line) || [];
    if (name === "event") event = value;
    else if (name === "data") data += value;
    else if (name === "id") id = value;
  }
  if (event === "alert") keep(JSON.parse(data));
  if (id !== null) lastId = id;
}

// Server-sent events by hand: an EventSource cannot send the token.
async function listen(mine) {
  let pause = 1000;
  while (session === mine) {
    try {
      const reply = await call(`${API}/alerts/stream`, { headers: lastId === null ? {} : { "Last-Event-ID": lastId } });
      link("live", "live");
      say("");
      pause = 1000;
      const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        if (session !== mine) { await reader.cancel(); return; }
        const blocks = (rest + part.value).split("\n\n");
        rest = blocks.pop();
        blocks.forEach(heard);
      }
    } catch (error) {
      if (session === mine) say(`The stream of alerts broke off (${error.message}). Trying again.`, true);
    }
    if (session !== mine) return;
    link("reconnecting", "lost");
    await new Promise((done) => setTimeout(done, pause));
    pause = Math.min(pause * 2, 15000);
  }
}

// The Swagger UI at hand reads OpenAPI 3.0; the document is 3.1. The one difference it stumbles over is null.
function asThreeZero(node) {
  if (Array.isArray(node)) return node.map(asThreeZero);
  if (node === null || typeof node !== "object") return node;
  const made = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, asThreeZero(value)]));
  const choices = Array.isArray(made.anyOf) ? made.anyOf.filter((choice) => choice.type !== "null") : [];
  if (choices.length && choices.length < made.anyOf.length) {
    delete made.anyOf;
    return { ...made, ...(choices.length === 1 ? choices[0] : { anyOf: choices }), nullable: true };
  }
  return made;
}

// Without what this role may not do, and without the stream: it is shown above, and would never end below.
function forRole(paths, role) {
  const mine = ([path, item]) => [path, Object.fromEntries(Object.entries(item).filter(([, act]) => act["x-roles"].includes(role)))];
  const some = ([path, item]) => Object.keys(item).length > 0 && !path.endsWith("/stream");
  return Object.fromEntries(Object.entries(paths).map(mine).filter(some));
}

async function documentation(role) {
  const described = asThreeZero(await (await call("/openapi.json")).json());
  described.openapi = "3.0.3";
  described.paths = forRole(described.paths, role);
  const ui = SwaggerUIBundle({
    spec: described,
    dom_id: "#swagger",
    validatorUrl: null,
    tryItOutEnabled: true,
    defaultModelsExpandDepth: -1,
    persistAuthorization: false,
    onComplete: () => ui.preauthorizeApiKey("bearer", token),
  });
}

$("sign-in").addEventListener("submit", async (submitted) => {
  submitted.preventDefault();
  token = $("token").value.trim();
  const mine = ++session;
  alerts.clear();
  names.clear();
  lastId = null;
  try {
    const caller = await (await call(`${API}/me`)).json();
    const status = await (await call(`${API}/status`)).json();
    $("token").value = "";
    $("caller").textContent = caller.name === caller.role ? caller.name : `${caller.name} (${caller.role})`;
    $("signed-in").hidden = false;
    $("sign-in").hidden = true;
    $("simulated").hidden = !status.simulated;
    const nurse = caller.role !== "technician";
    $("alerts").hidden = !nurse;
    $("api").hidden = false;
    say("");
    if (nurse) await learnNames();
    show();
    await documentation(caller.role);
    if (nurse) await listen(mine);
  } catch (error) {
    say(error.message, true);
  }
});

$("sign-out").addEventListener("click", () => {
  token = "";
  location.reload(); // forgets everything: the variable was the only place
});
