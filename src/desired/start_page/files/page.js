"use strict";
// Asks this page's own server whether each service answers: at once, every half minute, and when somebody looks again.
(() => {
  const EVERY = 30000;
  const PATIENCE = 9000;
  const summary = document.getElementById("summary");
  const words = summary.dataset;
  const services = [...document.querySelectorAll("[data-service]")];
  let running = false;
  let last = 0;

  async function look(service) {
    const stop = new AbortController();
    const late = setTimeout(() => stop.abort(), PATIENCE);
    try {
      const answer = await fetch("/up/" + service.dataset.service, { cache: "no-store", signal: stop.signal });
      // Without this header it is not the page's server that answered.
      const told = answer.headers.get("Homelab-Up");
      return told === "yes" ? "up" : told === "no" ? "down" : "unknown";
    } catch {
      return "unknown";
    } finally {
      clearTimeout(late);
    }
  }

  function show(service, state) {
    service.dataset.state = state;
    service.querySelector(".state").textContent = words[state];
  }

  function sum(states) {
    const off = services.filter((_, at) => states[at] === "down").map((one) => one.querySelector(".name").textContent);
    if (off.length) return words.some + off.join(", ");
    if (states.every((state) => state === "up")) return words.all;
    return states.every((state) => state === "unknown") ? words.cutOff : "";
  }

  async function round() {
    if (running || !services.length) return;
    running = true;
    const states = await Promise.all(
      services.map(async (service) => {
        const state = await look(service);
        show(service, state);
        return state;
      }),
    );
    const text = sum(states);
    if (summary.textContent !== text) summary.textContent = text;
    last = Date.now();
    running = false;
  }

  for (const service of services) show(service, "checking");
  round();
  setInterval(() => document.hidden || round(), EVERY);
  document.addEventListener("visibilitychange", () => document.hidden || Date.now() - last < 3000 || round());
  addEventListener("online", round);
})();
