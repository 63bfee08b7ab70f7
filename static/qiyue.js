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
      markOnMap(now.id);
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

  /** The map shows the change that the reader is at. */
  function markOnMap(id) {
    for (const old of document.querySelectorAll(".change-map [aria-current]")) old.removeAttribute("aria-current");
    if (id) document.querySelector(`.change-map a[href="#${CSS.escape(id)}"]`)?.setAttribute("aria-current", "true");
  }

  /** So long, in milliseconds, a smooth scroll may take. */
  const SCROLLS = 800;

  /** Open what is folded around a place, and the place itself. */
  function reveal(place) {
    for (let fold = place.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  }

  /** Show a change under what stays at the top of the window, and give it the focus. */
  function goTo(place) {
    reveal(place);
    const target = place.matches("details") ? place.querySelector("summary") : place;
    if (target === place) place.setAttribute("tabindex", "-1");
    target.focus({ preventScroll: true });
    place.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
    markOnMap(place.id);
  }

  /** Previous and next change: two buttons, and the keys k and p, j and n. Links to a change open it if it is folded. */
  function stepThrough(changes) {
    const all = [...changes.querySelectorAll("[data-change]")];
    const stops = all.filter((stop) => !stop.parentElement.closest(".gap, [data-change]"));
    let at = null;
    let since = -Infinity;

    /** The stop from which to go on: the last one, if it is in sight or on its way there, or else where the window is. */
    function next(by) {
      if (performance.now() - since < SCROLLS) return at + by;
      const tops = stops.map((stop) => stop.getBoundingClientRect().top);
      const line = 140;
      if (at !== null && tops[at] > -50 && tops[at] < window.innerHeight) return at + by;
      return by > 0 ? tops.findIndex((top) => top > line) : tops.findLastIndex((top) => top < line - 60);
    }

    function step(by) {
      const index = next(by);
      if (!stops[index]) return;
      at = index;
      since = performance.now();
      goTo(stops[at]);
    }

    function follow(hash) {
      const place = hash.length > 1 && document.getElementById(decodeURIComponent(hash.slice(1)));
      if (!place || !changes.contains(place)) return false;
      at = stops.includes(place) ? stops.indexOf(place) : null;
      goTo(place);
      return true;
    }
    changes.closest(".comparison")?.addEventListener("click", (event) => {
      const hash = event.target.closest('a[href^="#"]')?.getAttribute("href");
      if (!hash || event.ctrlKey || event.metaKey || event.shiftKey || !follow(hash)) return;
      event.preventDefault();
      history.pushState(null, "", hash);
    });
    addEventListener("popstate", () => follow(location.hash));
    if (location.hash) follow(location.hash);

    if (stops.length < 2) return;
    const bar = document.createElement("div");
    bar.className = "step-changes no-print";
    for (const [by, sign, label, keys] of [[-1, "↑", words.previous, "k p"], [1, "↓", words.next, "j n"]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = sign;
      button.title = `${label} (${keys})`;
      button.setAttribute("aria-label", label);
      button.setAttribute("aria-keyshortcuts", keys);
      button.addEventListener("click", () => step(by));
      bar.append(button);
    }
    document.body.append(bar);
    document.querySelectorAll("[data-keys]").forEach((hint) => (hint.hidden = false));
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, [contenteditable]")) return;
      if (event.key === "j" || event.key === "n") step(1);
      if (event.key === "k" || event.key === "p") step(-1);
    });
  }

  /** Paper has no folds: what is folded but changed is opened to be printed. */
  function unfoldForPrint() {
    let opened = [];
    addEventListener("beforeprint", () => {
      opened = [...document.querySelectorAll("details[data-change]:not([open])")];
      for (const fold of opened) fold.open = true;
    });
    addEventListener("afterprint", () => {
      for (const fold of opened) fold.open = false;
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
  unfoldForPrint();
})();
