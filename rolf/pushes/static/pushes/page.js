// The page of a push: what is new comes by events, or by asking, and goes into the panel and the log.

import {hashOf, moved, pathOf} from "./address.js";
import {Log} from "./log.js";
import {find} from "./find.js";
import {follow} from "./follow.js";
import {count} from "./seconds.js";
import {tell} from "../main/moments.js";

const page = document.getElementById("push-page");
const panel = document.getElementById("panel");
const error = document.getElementById("error");
const said = document.getElementById("said");
const log = new Log(page);

function jump(event) {
  const link = event.target.closest("[data-jump]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const line = Number(link.dataset.jump);
  // Who came by the keyboard goes on from there, and hears it.
  log.show(line).then(() => log.item(line)?.querySelector("a").focus({preventScroll: true}));
}

// What is said aloud of a new panel: its state, why, and what it asks, and these only once.
function standing() {
  const parts = panel.querySelectorAll(".standing .state, .reason, .question p:first-of-type");
  return [...parts].map((one) => one.textContent.trim()).join(": ");
}

let told = standing();

page.addEventListener("click", jump);
find(page, log);
count(panel);

follow(page, (news) => {
  if (news.panel !== null && news.panel !== undefined) {
    // A push gets its number when it begins, and with it the address that people pass on.
    const before = location.pathname;
    const path = pathOf(before, news.address);
    // What has the focus may be in what is replaced: its successor gets it, whose address may have
    // the number by now.
    const focused = panel.contains(document.activeElement) && document.activeElement;
    const own = focused && (focused.getAttribute("href") || focused.value);
    const key = own && moved(own, before, path);
    panel.innerHTML = news.panel;
    tell(panel);
    count(panel);
    if (standing() !== told) said.textContent = told = standing();
    if (key) [...panel.querySelectorAll("a, button")].find(
      (one) => (one.getAttribute("href") || one.value) === key)?.focus();
    error.hidden = news.error === null;
    error.href = `?line=${news.error + 1}${hashOf(news.error)}`;
    error.dataset.jump = news.error;
    document.title = news.title;
    document.getElementById("heading").textContent = news.heading;
    if (path !== before) {
      history.replaceState(history.state, "", path + location.search + location.hash);
    }
  }
  log.news(news);
});
