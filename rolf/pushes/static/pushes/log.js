// The log. Only a window of its lines is in the page, around the lines on the screen. The window
// grows at the end that the user scrolls to, and is cut at the other.

import {clocks} from "../main/moments.js";
import {hashOf, lineOf} from "./address.js";
import * as lines from "./window.js";

const AGAIN = 1000;  // milliseconds until a failed request is repeated

export class Log {
  constructor(page) {
    this.address = page.dataset.lines;
    this.box = page.querySelector(".log");
    this.list = page.querySelector("#lines");
    this.empty = page.querySelector("#empty");
    this.first = Number(page.dataset.first);
    this.end = Number(page.dataset.end);
    this.total = Number(page.dataset.total);
    this.busy = false;
    this.was = 0;  // the box's scrollTop at the last scroll event
    this.jumps = 0;  // number of jumps to other lines; a response from before a jump is dropped
    this.slider = page.querySelector(".whole input");
    this.tail = page.querySelector("[data-tail]");
    const top = page.querySelector("[data-top]");
    for (const link of page.querySelectorAll(".more")) link.remove();
    this.slider.parentElement.hidden = this.total <= lines.MOST;
    top.hidden = this.tail.hidden = false;
    clocks(this.list);

    const named = lineOf(location.hash);
    const wanted = named !== null ? named : page.dataset.line && Number(page.dataset.line);
    this.following = wanted === undefined || wanted === "";
    this.fit();
    addEventListener("resize", () => this.fit());
    if (!this.following) {
      this.show(Number(wanted));
      // The browser also scrolls to the line, and moves the whole page.
      addEventListener("load", () => setTimeout(() => {
        scrollTo(0, 0);
        this.list.querySelector(".here")?.scrollIntoView({block: "nearest"});
      }));
    }
    this.showFollowing();

    this.box.addEventListener("scroll", () => this.scrolled(), {passive: true});
    this.slider.addEventListener("change", () => this.show(Number(this.slider.value)));
    this.tail.addEventListener("click", () => this.followAgain());
    top.addEventListener("click", () => this.show(0));
    addEventListener("hashchange", () => {
      const line = lineOf(location.hash);
      if (line !== null) this.show(line);
    });
  }

  // Take changes of the log: lines that replace those from `first` on.
  news({first, html, total}) {
    this.total = total;
    this.slider.max = total;
    if (this.slider.parentElement.hidden !== total <= lines.MOST) {
      this.slider.parentElement.hidden = total <= lines.MOST;
      this.fit();
    }
    const what = lines.arrival(this, this.following, first);
    if (what === "ignore") return;
    if (what === "restart") this.clear(first);
    this.put(first, total, html);
    if (this.following) {
      this.cut(...lines.newest(this));
      this.bottom();
    }
  }

  // Show a line. Fetch it if it is not in the page.
  async show(line) {
    this.following = false;
    this.showFollowing();
    const jump = ++this.jumps;
    line = lines.nearest(line, this.total);
    if (!lines.holds(this, line) && !await this.replace(lines.around(line), jump)) return;
    for (const old of this.list.querySelectorAll(".here")) old.classList.remove("here");
    const item = this.item(line);
    if (!item) return;
    item.classList.add("here");
    this.box.scrollTop = item.offsetTop - this.box.clientHeight / 3;
    this.was = this.box.scrollTop;
    item.scrollIntoView({block: "nearest"});
    if (lineOf(location.hash) !== line) history.replaceState(null, "", hashOf(line));
  }

  async followAgain() {
    this.following = true;
    this.showFollowing();
    const jump = ++this.jumps;
    if (location.hash) history.replaceState(null, "", location.pathname);
    if (this.end < this.total && !await this.replace(lines.last(this.total), jump)) return;
    this.bottom();
    this.box.scrollIntoView({block: "nearest"});
  }

  // Replace all lines by fetched ones. Return false if the request failed, or if the user jumped
  // elsewhere during the request.
  async replace({first, count}, jump) {
    const found = await this.fetch(first, count).catch(() => null);
    if (!found || jump !== this.jumps) return false;
    this.clear(first);
    this.put(first, found.end, found.html);
    return true;
  }

  async scrolled() {
    const {scrollTop, scrollHeight, clientHeight} = this.box;
    const below = scrollHeight - scrollTop - clientHeight;
    this.following = lines.follows(this, this.following, scrollTop - this.was, below);
    this.showFollowing();
    this.was = scrollTop;
    this.slider.value = this.topmost();
    const way = lines.growth(this, scrollTop, below);
    if (this.busy || !way) return;
    this.busy = true;
    try {
      await this.more(way);
    } catch {
      // The server does not answer. At an end of the log the user cannot scroll on to try again.
      setTimeout(() => this.scrolled(), AGAIN);
    } finally {
      this.busy = false;
    }
  }

  async more(way) {
    const {jumps, first: top, end} = this;
    const {first, count} = lines.beyond(this, way);
    const found = await this.fetch(first, count);
    if (jumps !== this.jumps || (way > 0 ? end !== this.end : top !== this.first)) return;
    if (way > 0) {
      this.put(first, found.end, found.html);
    } else {
      const before = this.box.scrollHeight;
      this.list.prepend(this.fragment(found.html));
      this.first = first;
      // Keep the same line at its place on the screen, in browsers that do not do so themselves.
      if (this.box.scrollTop < before) this.box.scrollTop += this.box.scrollHeight - before;
    }
    this.cut(...lines.kept(this, way));
  }

  async fetch(first, count) {
    const answer = await fetch(`${this.address}?first=${first}&count=${count}`);
    if (answer.ok) return answer.json();
    if (answer.status === 503) {  // the store of logs does not answer
      this.empty.textContent = (await answer.json()).fault;
      this.empty.hidden = false;
    }
    throw new Error(`${this.address}: ${answer.status}`);
  }

  // Remove all lines. The next ones begin with `first`.
  clear(first) {
    this.list.replaceChildren();
    this.first = this.end = first;
  }

  // Replace the lines from `first` on.
  put(first, end, html) {
    this.cut(this.first, Math.min(first, this.end));
    this.list.append(this.fragment(html));
    this.end = Math.max(end, this.end);
    this.empty.hidden = this.end > this.first;
  }

  // Keep only the lines [first, end) in the page.
  cut(first, end) {
    const height = this.box.scrollHeight;
    const from = this.item(first);
    if (from && first > this.first) {
      let one = from.previousElementSibling;
      if (one?.classList.contains("begins")) one = one.previousElementSibling;
      while (one) {
        const before = one.previousElementSibling;
        one.remove();
        one = before;
      }
      this.first = first;
      if (!this.following) this.box.scrollTop -= height - this.box.scrollHeight;
    }
    let one = this.item(end);
    while (one) {
      const next = one.nextElementSibling;
      if (one.previousElementSibling?.classList.contains("begins")) one.previousElementSibling.remove();
      one.remove();
      one = next;
    }
    this.end = Math.min(this.end, end);
  }

  // This HTML comes only from the server, which has escaped the output of stages.
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

  // Make the box end at the bottom of the window, because new lines appear at its end.
  fit() {
    this.box.style.setProperty("--above", `${this.box.getBoundingClientRect().top + scrollY}px`);
    if (this.following) this.bottom();
  }

  bottom() {
    this.box.scrollTop = this.box.scrollHeight;
    this.was = this.box.scrollTop;
  }

  showFollowing() {
    this.tail.setAttribute("aria-pressed", this.following);
  }
}
