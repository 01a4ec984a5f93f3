// Asks for news where the page has something that changes: by events, else every few seconds.

const POLL = 5000;
const living = document.querySelector("[data-live]");

function tell() {
  htmx.trigger(document.body, "news");
}

function poll() {
  setInterval(() => document.hidden || tell(), POLL);
}

if (living && !living.dataset.live) poll();
else if (living) {
  const source = new EventSource(living.dataset.live);
  source.addEventListener("news", tell);
  source.onerror = () => {
    // Closed for good: it was answered something else than a stream.
    if (source.readyState === EventSource.CLOSED) poll();
  };
  addEventListener("pagehide", () => source.close());
}
