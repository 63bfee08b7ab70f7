/* What makes reading easier and nothing depends on: following contents, clause links to copy, steps through changes. */
(() => {
  "use strict";

  const words = document.body.dataset;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  /** The contents mark where the reader is; on a phone the button says it. */
  function follow(nav) {
    const links = new Map();
    for (const link of nav.querySelectorAll('a[href^="#"]')) {
      const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (target) links.set(target, link);
      link.addEventListener("click", () => nav.hidePopover?.call && nav.matches(":popover-open") && nav.hidePopover());
    }
    const targets = [...links.keys()];
    const here = document.querySelector(`[popovertarget="${nav.id}"] [data-here]`);
    let marked = null;
    let waiting = false;

    function mark() {
      waiting = false;
      const line = window.innerHeight * 0.25;
      let now = null;
      for (const target of targets) {
        if (target.getBoundingClientRect().top > line) break;
        now = target;
      }
      if (now === marked) return;
      if (marked) links.get(marked).removeAttribute("aria-current");
      marked = now;
      if (!now) return;
      const link = links.get(now);
      link.setAttribute("aria-current", "true");
      if (here) here.textContent = [...link.querySelectorAll(":scope > :not(.excerpt)")].map((part) => part.textContent.trim()).filter(Boolean).join(" ");
      const above = link.offsetTop - nav.scrollTop;
      if (above < 40 || above > nav.clientHeight - 80) nav.scrollTop = link.offsetTop - nav.clientHeight / 3;
    }

    function soon() {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(mark);
    }
    addEventListener("scroll", soon, { passive: true });
    addEventListener("resize", soon);
    mark();
  }

  /** One button for all clauses: it comes to the clause whose number is pointed at or focused. */
  function offerLinks(text) {
    if (!navigator.clipboard) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button clause-tools";
    button.textContent = words.copyLink;

    function show(event) {
      const number = event.target.closest("a.number");
      const unit = number?.closest(".unit");
      if (!unit || button.parentNode === unit) return;
      button.textContent = words.copyLink;
      (number.closest("h2, h3, h4, h5, h6") ?? number).after(button);
    }
    text.addEventListener("pointerover", show);
    text.addEventListener("focusin", show);
    button.addEventListener("click", async () => {
      const unit = button.closest(".unit");
      const address = new URL(`#${encodeURIComponent(unit.id)}`, location.href).href;
      try {
        await navigator.clipboard.writeText(address);
        button.textContent = words.copied;
      } catch {
        location.hash = unit.id;
      }
    });
    text.addEventListener("pointerleave", () => button.remove());
  }

  /** Previous and next change: two buttons, and the keys p and n. */
  function stepThrough(changes) {
    const stops = [...changes.querySelectorAll("[data-change]")].filter((stop) => !stop.closest(".gap") && !stop.parentElement.closest("[data-change]"));
    if (stops.length < 2) return;

    function step(by) {
      const tops = stops.map((stop) => Math.round(stop.getBoundingClientRect().top));
      const ahead = tops.findIndex((top) => top > 120);
      const behind = tops.findLastIndex((top) => top < 60);
      const index = by > 0 ? ahead : behind;
      if (index < 0) return;
      const top = window.scrollY + tops[index] - 100;
      window.scrollTo({ top, behavior: calm ? "auto" : "smooth" });
      stops[index].setAttribute("tabindex", "-1");
      stops[index].focus({ preventScroll: true });
    }

    const bar = document.createElement("div");
    bar.className = "step-changes no-print";
    for (const [by, sign, label, key] of [[-1, "↑", words.previous, "p"], [1, "↓", words.next, "n"]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = sign;
      button.title = `${label} (${key})`;
      button.setAttribute("aria-label", label);
      button.setAttribute("aria-keyshortcuts", key);
      button.addEventListener("click", () => step(by));
      bar.append(button);
    }
    document.body.append(bar);
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, [contenteditable]")) return;
      if (event.key === "n") step(1);
      if (event.key === "p") step(-1);
    });
  }

  /** A menu closes when the reader turns elsewhere. */
  function closeElsewhere(menu) {
    addEventListener("click", (event) => menu.contains(event.target) || (menu.open = false));
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  }

  document.querySelectorAll("[data-follow]").forEach(follow);
  document.querySelectorAll(".statute").forEach(offerLinks);
  document.querySelectorAll("[data-steps]").forEach(stepThrough);
  document.querySelectorAll("details.menu").forEach(closeElsewhere);
})();
