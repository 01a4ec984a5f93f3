// Times in the reader's own zone: the server knows its own alone.

import {short} from "./times.js";

const seconds = new Intl.DateTimeFormat("en-GB", {timeStyle: "medium"});
const whole = new Intl.DateTimeFormat("en-GB", {dateStyle: "long", timeStyle: "long"});

// Of lines of a log: to the second, and without more, since they come by the thousand.
export function clocks(within) {
  for (const time of within.querySelectorAll("time.clock")) {
    time.textContent = seconds.format(new Date(time.dateTime));
  }
}

export function tell(within) {
  for (const time of within.querySelectorAll("time[datetime]:not(.clock)")) {
    const at = new Date(time.dateTime);
    time.textContent = short(at, new Date());
    time.title = whole.format(at);
  }
}

tell(document);
document.body.addEventListener("htmx:load", (event) => tell(event.detail.elt));
