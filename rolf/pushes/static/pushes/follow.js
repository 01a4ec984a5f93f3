// Receive the changes of a push: as a stream while it runs, and by polling after it has ended.

import {listen} from "../main/listen.js";

const SOON = 1000, LATER = 10000; // milliseconds between polls; a push that has ended may be resumed

export function follow(page, take) {
  let cursor = page.dataset.cursor;
  let active = "active" in page.dataset;

  function taken(news) {
    cursor = news.cursor;
    if (news.total === undefined) return;
    active = news.active;
    take(news);
  }

  async function ask() {
    const since = cursor;
    try {
      const answer = await fetch(`${page.dataset.news}?cursor=${encodeURIComponent(since)}`);
      const news = answer.ok && await answer.json();
      // Drop an answer if the stream or a later request was faster: it would lead the page back.
      if (news && cursor === since) taken(news);
    } catch {
      // The server does not answer. Poll again later.
    }
  }

  listen({
    taken, ask,
    every: () => (active ? SOON : LATER),
    address: () => (active && page.dataset.follow
      ? `${page.dataset.follow}?cursor=${encodeURIComponent(cursor)}` : ""),
  });
}
