// News of a push: as they come while it runs, and now and then once it has ended.

import {listen} from "../main/listen.js";

const SOON = 1000, LATER = 10000; // milliseconds; a push that has ended may be resumed

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
    try {
      const answer = await fetch(`${page.dataset.news}?cursor=${encodeURIComponent(cursor)}`);
      if (answer.ok) taken(await answer.json());
    } catch {
      // The server is away for a while; the next question may find it.
    }
  }

  listen({
    taken, ask,
    every: () => (active ? SOON : LATER),
    address: () => (active && page.dataset.follow
      ? `${page.dataset.follow}?cursor=${encodeURIComponent(cursor)}` : ""),
  });
}
