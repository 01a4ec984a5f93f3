// The log: a window of lines of which only those around what is on the screen are in the page.
// It grows at the end that one scrolls to, and is cut at the other.

import {clocks} from "../main/moments.js";

const STEP = 200;  // lines that are fetched at once
const MOST = 800;  // lines in the page
const NEAR = 600;  // pixels from an end at which more is fetched
const AGAIN = 1000;  // milliseconds after which what failed is asked for again

// The line that the address names. There they count from 1, as in editors; here from 0.
function addressed() {
  const named = /^#L(\d+)$/.exec(location.hash);
  return named ? Math.max(0, Number(named[1]) - 1) : null;
}

export class Log {
  constructor(page) {
    this.address = page.dataset.lines;
    this.box = page.querySelector(".log");
    this.list = page.querySelector("#lines");
    this.nothing = page.querySelector("#nothing");
    this.first = Number(page.dataset.first);
    this.end = Number(page.dataset.end);
    this.total = Number(page.dataset.total);
    this.busy = false;
    this.jumps = 0; // to other lines: an answer to what was asked before one is of no use
    this.slider = page.querySelector(".whole input");
    this.tail = page.querySelector("[data-tail]");
    const top = page.querySelector("[data-top]");
    for (const turn of page.querySelectorAll(".turn")) turn.remove();
    this.slider.parentElement.hidden = this.total <= MOST;
    top.hidden = this.tail.hidden = false;
    clocks(this.list);

    const named = addressed();
    const wanted = named !== null ? named : page.dataset.line && Number(page.dataset.line);
    this.following = wanted === undefined || wanted === "";
    this.fit();
    addEventListener("resize", () => this.fit());
    if (!this.following) {
      this.show(Number(wanted));
      // The browser goes to the line by itself, too, and takes the whole page along.
      addEventListener("load", () => setTimeout(() => {
        scrollTo(0, 0);
        this.list.querySelector(".here")?.scrollIntoView({block: "nearest"});
      }));
    }
    this.told();

    this.box.addEventListener("scroll", () => this.scrolled(), {passive: true});
    this.slider.addEventListener("change", () => this.show(Number(this.slider.value)));
    this.tail.addEventListener("click", () => this.followAgain());
    top.addEventListener("click", () => this.show(0));
    addEventListener("hashchange", () => {
      const line = addressed();
      if (line !== null) this.show(line);
    });
  }

  // What is new: lines that replace those from `first` on.
  news({first, html, total}) {
    this.total = total;
    this.slider.max = total;
    if (this.slider.parentElement.hidden !== total <= MOST) {
      this.slider.parentElement.hidden = total <= MOST;
      this.fit();
    }
    if (first === null) return;
    const joins = first <= this.end && first >= this.first;
    if (this.following && !joins) {
      this.list.replaceChildren();
      this.first = this.end = first;
    }
    if (this.following || (joins && this.end - this.first < MOST)) {
      this.put(first, total, html);
      if (this.following) {
        this.cut(Math.max(this.first, total - MOST), total);
        this.bottom();
      }
    }
  }

  // Show a line, whatever is in the page now.
  async show(line) {
    this.following = false;
    this.told();
    const jump = ++this.jumps;
    line = Math.max(0, Math.min(line, this.total - 1));
    if (line < this.first || line >= this.end) {
      const first = Math.max(0, line - STEP / 2);
      const found = await this.fetch(first, STEP);
      if (jump !== this.jumps) return;
      this.list.replaceChildren();
      this.first = this.end = first;
      this.put(first, found.end, found.html);
    }
    for (const old of this.list.querySelectorAll(".here")) old.classList.remove("here");
    const item = this.item(line);
    if (!item) return;
    item.classList.add("here");
    this.box.scrollTop = item.offsetTop - this.box.clientHeight / 3;
    this.was = this.box.scrollTop;
    item.scrollIntoView({block: "nearest"});
    if (addressed() !== line) history.replaceState(null, "", `#L${line + 1}`);
  }

  async followAgain() {
    this.following = true;
    this.told();
    const jump = ++this.jumps;
    if (location.hash) history.replaceState(null, "", location.pathname);
    if (this.end < this.total) {
      const first = Math.max(0, this.total - STEP);
      const found = await this.fetch(first, STEP + 1);
      if (jump !== this.jumps) return;
      this.list.replaceChildren();
      this.first = this.end = first;
      this.put(first, found.end, found.html);
    }
    this.bottom();
    this.box.scrollIntoView({block: "nearest"});
  }

  async scrolled() {
    const {scrollTop, scrollHeight, clientHeight} = this.box;
    const below = scrollHeight - scrollTop - clientHeight;
    if (below > 40 && this.following && scrollTop < this.was) {
      this.following = false;
      this.told();
    } else if (below < 4 && scrollTop > this.was && this.end >= this.total && !this.following) {
      // Somebody has scrolled there: a line near the end that was jumped to stays on the screen.
      this.following = true;
      this.told();
    }
    this.was = scrollTop;
    this.slider.value = this.topmost();
    const way = scrollTop < NEAR && this.first > 0 ? -1 : Number(below < NEAR && this.end < this.total);
    if (this.busy || !way) return;
    this.busy = true;
    try {
      await this.more(way);
    } catch {
      // The server is away for a while. At an end of the log nobody can scroll on.
      setTimeout(() => this.scrolled(), AGAIN);
    } finally {
      this.busy = false;
    }
  }

  async more(way) {
    const {jumps, first: top, end} = this;
    if (way > 0) {
      const found = await this.fetch(end, STEP);
      if (jumps !== this.jumps || end !== this.end) return;
      this.put(end, found.end, found.html);
      this.cut(Math.max(this.first, this.end - MOST), this.end);
    } else {
      const first = Math.max(0, top - STEP);
      const found = await this.fetch(first, top - first);
      if (jumps !== this.jumps || top !== this.first) return;
      const before = this.box.scrollHeight;
      this.list.prepend(this.fragment(found.html));
      this.first = first;
      // The same line stays where it is on the screen, also where the browser doesn't see to it.
      if (this.box.scrollTop < before) this.box.scrollTop += this.box.scrollHeight - before;
      this.cut(this.first, Math.min(this.end, this.first + MOST));
    }
  }

  async fetch(first, count) {
    const answer = await fetch(`${this.address}?first=${first}&count=${count}`);
    if (!answer.ok) throw new Error(`${this.address}: ${answer.status}`);
    return answer.json();
  }

  // Put lines in the place of those from `first` on.
  put(first, end, html) {
    this.cut(this.first, Math.min(first, this.end));
    this.list.append(this.fragment(html));
    this.end = Math.max(end, this.end);
    this.nothing.hidden = this.end > this.first;
  }

  // Leave only the lines [first, end) in the page.
  cut(first, end) {
    const height = this.box.scrollHeight;
    const from = this.item(first);
    if (from && first > this.first) {
      let one = from.previousElementSibling;
      if (one?.classList.contains("begins")) one = one.previousElementSibling;
      for (; one; one = before) {
        var before = one.previousElementSibling;
        one.remove();
      }
      this.first = first;
      if (!this.following) this.box.scrollTop -= height - this.box.scrollHeight;
    }
    for (let one = this.item(end); one; one = next) {
      var next = one.nextElementSibling;
      if (one.previousElementSibling?.classList.contains("begins")) one.previousElementSibling.remove();
      one.remove();
    }
    this.end = Math.min(this.end, end);
  }

  // The server has escaped all that it was told; nothing else comes in here.
  fragment(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    clocks(template.content);
    return template.content;
  }

  item(line) {
    return this.list.querySelector(`[data-line="${line}"]`);
  }

  topmost() {
    const edge = this.box.getBoundingClientRect().top;
    for (const item of this.list.children) {
      if (item.dataset.line && item.getBoundingClientRect().bottom > edge) return item.dataset.line;
    }
    return this.first;
  }

  // The box ends where the window does, whatever is above it: what is new comes at its end.
  fit() {
    this.box.style.setProperty("--above", `${this.box.getBoundingClientRect().top + scrollY}px`);
    if (this.following) this.bottom();
  }

  bottom() {
    this.box.scrollTop = this.box.scrollHeight;
    this.was = this.box.scrollTop;
  }

  told() {
    this.tail.setAttribute("aria-pressed", this.following);
  }
}
