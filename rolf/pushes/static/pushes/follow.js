// News of a push: a stream of events where the server has them, else a question every second.

const POLL = 1000;

export function follow(page, take) {
  let cursor = page.dataset.cursor;

  function taken(news) {
    cursor = news.cursor;
    if (news.total !== undefined) take(news);
  }

  async function ask() {
    try {
      const answer = await fetch(`${page.dataset.news}?cursor=${encodeURIComponent(cursor)}`);
      if (answer.ok) taken(await answer.json());
    } catch {
      // The server is away for a while; the next question may find it.
    }
  }

  function poll() {
    setInterval(() => document.hidden || ask(), POLL);
  }

  if (!page.dataset.follow) return poll();
  let source;
  const open = () => {
    source = new EventSource(`${page.dataset.follow}?cursor=${encodeURIComponent(cursor)}`);
    source.addEventListener("news", (event) => taken(JSON.parse(event.data)));
    source.onerror = () => {
      // The browser comes again by itself unless it was answered something else than a stream.
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 5 * POLL);
    };
  };
  open();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && open());
}
