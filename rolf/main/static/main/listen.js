// News for a page: by a stream of events while the page can be seen, else by asking now and then.
//
// A browser opens six connections to a host (HTTP/1.1), for all its tabs together. A stream takes one
// for as long as it lasts. So a hidden page holds none, and all tabs together hold STREAMS at most:
// the other pages ask. Web Locks count them; where a browser has no locks (http, but for localhost),
// what can be seen is the limit.

const STREAMS = 3;
const AGAIN = 5000; // milliseconds after a stream that was refused

async function take() {
  if (!navigator.locks) return () => {};
  for (let number = 0; number < STREAMS; number += 1) {
    const release = await new Promise((resolve) => {
      navigator.locks.request(`stream-${number}`, {ifAvailable: true}, (lock) => (
        lock ? new Promise((done) => resolve(done)) : resolve(null)));
    });
    if (release) return release;
  }
  return null;
}

// `address()` is where the stream is, empty for none; `taken` gets each event's data; `ask` fetches
// what is new, every `every()` milliseconds while there is no stream.
export function listen({address, taken, ask, every}) {
  let source = null;
  let release = null;
  let taking = false;
  let away = false; // in the browser's cache of pages that Back shows again
  let refused = 0;
  let asked = Date.now();

  const seen = () => !away && !document.hidden;

  function close() {
    source?.close();
    source = null;
    release?.();
    release = null;
  }

  async function open() {
    if (source || taking || !seen() || !address() || Date.now() - refused < AGAIN) return;
    taking = true;
    release = await take();
    taking = false;
    if (!release) return;
    if (!seen() || !address()) return close();
    source = new EventSource(address());
    source.addEventListener("news", (event) => taken(JSON.parse(event.data)));
    source.onerror = () => {
      // The browser comes again by itself unless it was answered something else than a stream.
      if (source?.readyState !== EventSource.CLOSED) return;
      refused = Date.now();
      close();
    };
  }

  function look() {
    if (!seen() || !address()) close();
    if (!seen()) return;
    open();
    if (source || Date.now() - asked < every()) return;
    asked = Date.now();
    ask();
  }

  function show() {
    asked = 0; // what happened meanwhile is wanted now
    look();
  }

  setInterval(look, 250);
  document.addEventListener("visibilitychange", show);
  addEventListener("pagehide", () => { away = true; close(); });
  addEventListener("pageshow", (event) => { away = false; if (event.persisted) show(); });
  look();
}
