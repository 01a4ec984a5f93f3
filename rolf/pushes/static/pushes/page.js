// The page of a push. Changes come by events or by polling, and update the panel and the log.

import {hashOf, moved, pathOf} from "./address.js";
import {Log} from "./log.js";
import {find} from "./find.js";
import {follow} from "./follow.js";
import {count} from "./seconds.js";
import {localize} from "../main/moments.js";

const page = document.getElementById("push-page");
const panel = document.getElementById("panel");
const error = document.getElementById("error");
const announcement = document.getElementById("announcement");
const log = new Log(page);

function jump(event) {
  const link = event.target.closest("[data-jump]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const line = Number(link.dataset.jump);
  // Move the focus to the line, for users of a keyboard or a screen reader.
  log.show(line).then(() => log.item(line)?.querySelector("a").focus({preventScroll: true}));
}

// Return the text that screen readers announce: the state, its reason, and the question.
function stateText() {
  const parts = panel.querySelectorAll(".current .state, .reason, .question p:first-of-type");
  return [...parts].map((one) => one.textContent.trim()).join(": ");
}

let announced = stateText();

page.addEventListener("click", jump);
find(page, log);
count(panel);

follow(page, (news) => {
  if (news.panel !== null && news.panel !== undefined) {
    // A push gets its number when it begins, and then another URL.
    const before = location.pathname;
    const path = pathOf(before, news.address);
    // If the replaced panel has the focus, give it to the same link or button of the new panel. The
    // URL of a link may have the number now.
    const focused = panel.contains(document.activeElement) && document.activeElement;
    const own = focused && (focused.getAttribute("href") || focused.value);
    const key = own && moved(own, before, path);
    panel.innerHTML = news.panel;
    localize(panel);
    count(panel);
    if (stateText() !== announced) announcement.textContent = announced = stateText();
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
