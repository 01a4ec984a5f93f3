// Show times in the user's time zone, which the server does not know.

import {short} from "./times.js";

const seconds = new Intl.DateTimeFormat("en-GB", {timeStyle: "medium"});
const whole = new Intl.DateTimeFormat("en-GB", {dateStyle: "long", timeStyle: "long"});

// The times of lines of a log, to the second. There are thousands, so they get no title.
export function clocks(within) {
  for (const time of within.querySelectorAll("time.clock")) {
    time.textContent = seconds.format(new Date(time.dateTime));
  }
}

export function localize(within) {
  for (const time of within.querySelectorAll("time[datetime]:not(.clock)")) {
    const at = new Date(time.dateTime);
    time.textContent = short(at, new Date());
    time.title = whole.format(at);
  }
}

localize(document);
document.body.addEventListener("htmx:load", (event) => localize(event.detail.elt));
