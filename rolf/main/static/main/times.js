// Format a time in the user's time zone, as short as possible.

const clock = new Intl.DateTimeFormat(undefined, {hour: "2-digit", minute: "2-digit", hourCycle: "h23"});
const day = new Intl.DateTimeFormat("en-GB", {day: "numeric", month: "short"});
const year = new Intl.DateTimeFormat("en-GB", {day: "numeric", month: "short", year: "numeric"});

export function short(at, now) {
  const days = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 864e5);
  if (days === 0) return clock.format(at);
  if (days === 1) return `yesterday ${clock.format(at)}`;
  return at.getFullYear() === now.getFullYear() ? `${day.format(at)} ${clock.format(at)}` : year.format(at);
}
