
"use strict";
// The script adds a filter, Copy buttons, local times, and a reload that keeps the reader's choices.
// The address holds all choices, so a reload, a bookmark and a shared link show the same view.
(() => {
  const TYPING = 10_000; // ms after the last key in the search box in which the page does not reload
  const GRACE = 2_000; // ms between the end of a selection and a reload
  const OWN = document.body.dataset.every;

  const byId = (id) => document.getElementById(id);
  const [name, every, pause, waits, shown, said, box] =
    ["name", "every", "pause", "waits", "shown", "said", "box"].map(byId);
  const states = [...document.querySelectorAll("fieldset input")];
  const hosts = [...document.querySelectorAll("tbody")].map((body) => {
    const summary = body.querySelector("summary");
    return {
      body, summary,
      details: summary.parentElement,
      name: summary.textContent,
      states: body.dataset.states.split(" "),
    };
  });

  // The address

  let paused = false;

  function keep() {
    const chosen = new URLSearchParams();
    if (name.value) chosen.set("name", name.value);
    for (const each of states) if (each.checked) chosen.append("state", each.value);
    if (every.value !== OWN) chosen.set("every", every.value);
    if (paused) chosen.set("paused", "1");
    for (const host of hosts) if (host.details.open) chosen.append("open", host.name);
    if (document.activeElement?.id) chosen.set("focus", document.activeElement.id);
    if (scrollY) chosen.set("y", Math.round(scrollY));
    if (box?.scrollLeft) chosen.set("x", Math.round(box.scrollLeft));
    const address = location.href.split("#")[0];
    history.replaceState(null, "", chosen.size ? `${address}#${chosen}` : address);
  }

  function restore() {
    const chosen = new URLSearchParams(location.hash.slice(1));
    name.value = chosen.get("name") ?? "";
    for (const each of states) each.checked = chosen.getAll("state").includes(each.value);
    every.value = chosen.get("every") ?? OWN;
    if (every.selectedIndex < 0) every.value = OWN;
    paused = chosen.get("paused") === "1";
    const open = new Set(chosen.getAll("open"));
    for (const host of hosts) {
      host.details.open = open.has(host.name);
      if (host.details.open) dress(host.body);
    }
    filter();
    showPause();
    byId(chosen.get("focus") ?? "")?.focus({ preventScroll: true });
    if (box) box.scrollLeft = Number(chosen.get("x"));
    scrollTo(0, Number(chosen.get("y")));
  }

  function soon(wait, act) {
    let timer;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(act, wait);
    };
  }

  // The filter

  function filter() {
    const part = name.value.trim().toLowerCase();
    const wanted = states.filter((each) => each.checked).map((each) => each.value);
    let number = 0;
    for (const host of hosts) {
      const fits = host.name.toLowerCase().includes(part) &&
        (!wanted.length || wanted.some((state) => host.states.includes(state)));
      host.body.hidden = !fits;
      number += fits;
    }
    shown.textContent = number === hosts.length
      ? (number === 1 ? "1 host is shown." : `All ${number} hosts are shown.`)
      : `${number} of ${hosts.length} ${hosts.length === 1 ? "host" : "hosts"} ${number === 1 ? "is" : "are"} shown.`;
  }

  function choose() {
    filter();
    keep();
  }

  // A host's findings get local times and Copy buttons when they are opened: most never are.

  const time = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
  const both = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

  function local(root) {
    const today = new Date().toDateString();
    for (const each of root.querySelectorAll("time:not([title])")) {
      const date = new Date(each.dateTime);
      each.title = each.textContent;
      each.textContent = (date.toDateString() === today ? time : both).format(date);
    }
  }

  function dress(body) {
    if (body.dataset.dressed) return;
    body.dataset.dressed = "1";
    local(body);
    for (const pre of body.querySelectorAll("pre")) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Copy";
      button.addEventListener("click", () => copy(pre.firstChild, button));
      pre.append(button);
    }
  }

  async function copy(code, button) {
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      // Over http, a browser has no clipboard API, but it can copy a selection.
      getSelection().selectAllChildren(code);
      if (!document.execCommand("copy")) {
        said.textContent = "The command is selected: copy it with Ctrl+C.";
        return;
      }
      getSelection().removeAllRanges();
    }
    said.textContent = "Copied.";
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = "Copy";
      said.textContent = "";
    }, 2_000);
  }

  // Reload

  let typed = -Infinity;
  let due = Infinity;

  function wind() {
    const seconds = Number(every.value);
    due = seconds ? performance.now() + seconds * 1_000 : Infinity;
  }

  function showPause() {
    pause.textContent = paused ? "Resume" : "Pause";
    pause.disabled = every.value === "0";
    wind();
  }

  function obstacle() {
    if (every.value === "0") return "";
    if (paused) return "paused";
    if (!getSelection().isCollapsed) return "waits: text is selected";
    const typing = document.activeElement === name && performance.now() - typed < TYPING;
    return typing ? "waits: you are typing" : "";
  }

  function tick() {
    const found = obstacle();
    if (waits.textContent !== found) waits.textContent = found;
    showAge();
    if (found) due = Math.max(due, performance.now() + GRACE);
    // A hidden tab reloads when it becomes visible.
    if (performance.now() < due || document.hidden) return;
    due = Infinity;
    keep();
    location.reload();
  }

  const made = new Date(document.querySelector(".head time")?.dateTime);

  function showAge() {
    const seconds = Math.round((Date.now() - made) / 1_000);
    if (!(seconds >= 10)) return;
    const age = seconds < 120 ? `${seconds - seconds % 10} s`
      : seconds < 7_200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3_600)} h`;
    const text = `, ${age} ago`;
    if (byId("age").textContent !== text) byId("age").textContent = text;
  }

  // Start

  history.scrollRestoration = "manual";
  document.querySelector(".controls").hidden = false;
  local(document.querySelector("header"));
  restore();
  showAge();

  name.addEventListener("input", () => { typed = performance.now(); choose(); });
  for (const each of states) each.addEventListener("change", choose);
  every.addEventListener("change", () => { showPause(); keep(); });
  pause.addEventListener("click", () => { paused = !paused; showPause(); keep(); tick(); });
  for (const { body, details } of hosts) {
    details.addEventListener("toggle", () => { if (details.open) dress(body); keep(); });
    body.rows[0].addEventListener("click", (event) => {
      const own = event.target.closest("summary") || !getSelection().isCollapsed;
      if (!own) details.open = !details.open;
    });
  }
  const keepSoon = soon(200, keep);
  addEventListener("scroll", keepSoon, { passive: true });
  box?.addEventListener("scroll", keepSoon, { passive: true });
  addEventListener("hashchange", restore);
  addEventListener("beforeprint", () => local(document));
  document.addEventListener("visibilitychange", tick);
  setInterval(tick, 250);
})();
