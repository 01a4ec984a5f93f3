// Update a page with an element [data-live]: at each event, or every few seconds.

import {listen} from "./listen.js";

const POLL = 5000;
const liveElement = document.querySelector("[data-live]");

function update() {
  htmx.trigger(document.body, "news");
}

if (liveElement) {
  listen({address: () => liveElement.dataset.live, taken: update, ask: update, every: () => POLL});
}
