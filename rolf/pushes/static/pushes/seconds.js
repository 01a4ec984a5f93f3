// Count the seconds of a running push and of its running stage.

// Return a duration as text: "59 s", "1 min 05 s", "2 h 03 min".
export function duration(seconds) {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const [minutes, rest] = [Math.floor(seconds / 60), Math.floor(seconds % 60)];
  if (minutes < 60) return `${minutes} min ${String(rest).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

let timer = null;

export function count(within) {
  clearInterval(timer);
  const running = [...within.querySelectorAll("[data-since]")];
  const show = () => running.forEach((one) => {
    one.textContent = duration(Math.max(0, Date.now() / 1000 - Number(one.dataset.since)));
  });
  show();
  if (running.length) timer = setInterval(show, 1000);
}
