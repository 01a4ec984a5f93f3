// Asks for news where the page has something that changes: by events, else every few seconds.

import {listen} from "./listen.js";

const POLL = 5000;
const living = document.querySelector("[data-live]");

function tell() {
  htmx.trigger(document.body, "news");
}

if (living) listen({address: () => living.dataset.live, taken: tell, ask: tell, every: () => POLL});
