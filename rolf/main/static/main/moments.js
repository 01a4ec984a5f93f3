// Times in the reader's own zone: the server knows its own alone.

const clock = new Intl.DateTimeFormat(undefined, {hour: "2-digit", minute: "2-digit", hourCycle: "h23"});
const seconds = new Intl.DateTimeFormat("en-GB", {timeStyle: "medium"});
const day = new Intl.DateTimeFormat("en-GB", {day: "numeric", month: "short"});
const year = new Intl.DateTimeFormat("en-GB", {day: "numeric", month: "short", year: "numeric"});
const whole = new Intl.DateTimeFormat("en-GB", {dateStyle: "long", timeStyle: "long"});

function short(at) {
  const now = new Date();
  const days = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 864e5);
  if (days === 0) return clock.format(at);
  if (days === 1) return `yesterday ${clock.format(at)}`;
  return at.getFullYear() === now.getFullYear() ? `${day.format(at)} ${clock.format(at)}` : year.format(at);
}

// Of lines of a log: to the second, and without more, since they come by the thousand.
export function clocks(within) {
  for (const time of within.querySelectorAll("time.clock")) {
    time.textContent = seconds.format(new Date(time.dateTime));
  }
}

export function tell(within) {
  for (const time of within.querySelectorAll("time[datetime]:not(.clock)")) {
    const at = new Date(time.dateTime);
    time.textContent = short(at);
    time.title = whole.format(at);
  }
}

tell(document);
document.body.addEventListener("htmx:load", (event) => tell(event.detail.elt));
