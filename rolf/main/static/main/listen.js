// Receive changes: by a stream of events while the page is visible, else by polling.
//
// With HTTP/1.1, a browser opens at most six connections to a host, for all tabs together. A stream
// occupies one. So a hidden page has no stream, and all tabs together have at most STREAMS; other
// pages poll. Web Locks count the streams. Without Web Locks (http, except for localhost), each
// visible page has a stream.

const STREAMS = 3;
const AGAIN = 5000; // milliseconds until the next attempt after a refused stream

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

// `address()` returns the URL of the stream, or "" for none. `taken` is called with the data of each
// event. Without a stream, `ask` is called every `every()` milliseconds, and fetches the changes.
export function listen({address, taken, ask, every}) {
  let source = null;
  let release = null;
  let taking = false;
  let away = false; // whether the page is in the browser's back/forward cache
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
      // The browser reconnects by itself, unless the response was not a stream.
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
    asked = 0; // fetch the changes at once
    look();
  }

  setInterval(look, 250);
  document.addEventListener("visibilitychange", show);
  addEventListener("pagehide", () => { away = true; close(); });
  addEventListener("pageshow", (event) => { away = false; if (event.persisted) show(); });
  look();
}
