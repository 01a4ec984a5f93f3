import assert from "node:assert/strict";
import test, {beforeEach} from "node:test";

import {load} from "./load.mjs";

const {listen} = await load("main/listen.js");
const {follow} = await load("pushes/follow.js");

// As much of a browser as the modules use. Its clock stands still until a test moves it.
let browser;

class Stream {
  static CLOSED = 2;

  constructor(address) {
    this.address = address;
    this.readyState = 1;
    browser.streams.push(this);
  }

  addEventListener(kind, take) {
    this.take = take;
  }

  close() {
    this.readyState = Stream.CLOSED;
  }
}

function define(names) {
  for (const [name, value] of Object.entries(names)) {
    Object.defineProperty(globalThis, name, {value, configurable: true, writable: true});
  }
}

beforeEach(() => {
  const handlers = {};
  browser = {
    streams: [], held: new Set(), now: 1_000_000, handlers,
    open: () => browser.streams.filter((stream) => stream.readyState !== Stream.CLOSED),
    async passes(milliseconds) {
      for (const end = browser.now + milliseconds; browser.now < end;) {
        browser.now += 250;
        browser.look();
        await settled();
      }
    },
  };
  const locks = {
    async request(name, _, use) {
      const free = !browser.held.has(name);
      if (free) browser.held.add(name);
      await use(free ? {name} : null);
      if (free) browser.held.delete(name);
    },
  };
  const on = (kind, handle) => { handlers[kind] = handle; };
  define({
    EventSource: Stream, navigator: {locks}, addEventListener: on,
    document: {hidden: false, addEventListener: on},
    setInterval: (look) => { browser.look = look; },
  });
  Date.now = () => browser.now;
});

const settled = () => new Promise((resolve) => { setImmediate(resolve); });

// Listen, and return what came: by a stream, and how often it was asked.
async function listening({address = () => "/follow/", every = 1000} = {}) {
  const came = {news: [], asked: 0};
  listen({
    address, every: () => every, taken: (news) => came.news.push(news), ask: () => { came.asked += 1; },
  });
  await settled();
  return came;
}

test("a page gets its news by a stream and does not ask", async () => {
  const came = await listening();
  browser.open()[0].take({data: '{"total": 3}'});
  await browser.passes(10_000);
  assert.deepEqual(came, {news: [{total: 3}], asked: 0});
  assert.equal(browser.streams.length, 1);
});

test("a page without a stream asks as often as it should", async () => {
  const came = await listening({address: () => "", every: 2000});
  await browser.passes(10_000);
  assert.equal(came.asked, 5);
  assert.equal(browser.streams.length, 0);
});

test("all pages of a browser have three streams together, the others ask", async () => {
  const pages = [];
  for (let page = 0; page < 5; page += 1) pages.push(await listening());
  assert.equal(browser.open().length, 3);
  await browser.passes(1000);
  assert.equal(pages.at(-1).asked, 1);
});

test("a page gets the stream that another one gives back", async () => {
  browser.held = new Set(["stream-0", "stream-1", "stream-2"]);
  const came = await listening();
  await browser.passes(3000);
  assert.deepEqual([browser.open().length, came.asked], [0, 3]);
  browser.held.delete("stream-1");
  await browser.passes(250);
  assert.equal(browser.open().length, 1);
  await browser.passes(3000);
  assert.equal(came.asked, 3);
});

test("a browser without locks has a stream for each page that is seen", async () => {
  define({navigator: {}});
  for (let page = 0; page < 4; page += 1) await listening();
  assert.equal(browser.open().length, 4);
});

test("a hidden page gives its stream back and does not ask", async () => {
  const came = await listening();
  document.hidden = true;
  browser.handlers.visibilitychange();
  await settled();
  assert.deepEqual([browser.open().length, browser.held.size], [0, 0]);
  await browser.passes(10_000);
  assert.equal(came.asked, 0);
  document.hidden = false;
  browser.handlers.visibilitychange();
  await settled();
  assert.equal(browser.open().length, 1);
});

test("a hidden page that is shown asks at once where it has no stream", async () => {
  document.hidden = true;
  const came = await listening({address: () => "", every: 60_000});
  document.hidden = false;
  browser.handlers.visibilitychange();
  assert.equal(came.asked, 1);
});

test("a page that Back shows again has its stream again", async () => {
  await listening();
  browser.handlers.pagehide();
  await browser.passes(1000);
  assert.equal(browser.open().length, 0);
  browser.handlers.pageshow({persisted: true});
  await settled();
  assert.equal(browser.open().length, 1);
});

test("a stream that the server refuses is opened again after five seconds", async () => {
  const came = await listening();
  const [refused] = browser.streams;
  refused.close();
  refused.onerror();
  await browser.passes(4750);
  assert.deepEqual([browser.streams.length, came.asked], [1, 4]);
  await browser.passes(250);
  assert.equal(browser.streams.length, 2);
});

test("a stream that breaks is left to the browser, which opens it again", async () => {
  await listening();
  const [broken] = browser.streams;
  broken.readyState = 0;
  broken.onerror();
  await browser.passes(10_000);
  assert.equal(browser.streams.length, 1);
});

// The page of a push, and the answers of a server that is asked.
function push(dataset, answers) {
  const asked = [];
  define({
    fetch: async (address) => {
      asked.push(address);
      const answer = answers.shift();
      if (!answer) throw new TypeError("no connection");
      return {ok: true, json: async () => answer};
    },
  });
  const taken = [];
  follow({dataset: {news: "news/", cursor: "0.", ...dataset}}, (news) => taken.push(news));
  return {asked, taken};
}

test("a push that runs is followed from where the page ends", async () => {
  const {taken} = push({follow: "follow/", cursor: "7.a b", active: ""}, []);
  await settled();
  assert.equal(browser.open()[0].address, "follow/?cursor=7.a%20b");
  browser.open()[0].take({data: '{"cursor": "8.b", "total": 8, "active": true}'});
  assert.deepEqual(taken.map((news) => news.total), [8]);
});

test("a push without streams is asked about from where the page ends", async () => {
  const {asked, taken} = push({active: ""}, [
    {cursor: "3.x", total: 3, active: true}, {cursor: "3.x"}, null,
    {cursor: "4.x", total: 4, active: true}]);
  await browser.passes(5000);
  assert.deepEqual(asked.map((address) => address.slice(13)), ["0.", "3.x", "3.x", "3.x", "4.x"]);
  assert.deepEqual(taken.map((news) => news.total), [3, 4], "an answer without news is none");
});

test("an answer that the stream has overtaken is dropped", async () => {
  let answer;
  const {taken} = push({follow: "follow/", active: ""}, []);
  await settled();
  document.hidden = true;
  browser.handlers.visibilitychange();
  define({
    fetch: () => new Promise((resolve) => {
      answer = (news) => resolve({ok: true, json: async () => news});
    }),
  });
  document.hidden = false;
  browser.handlers.visibilitychange();
  await settled();
  browser.open()[0].take({data: '{"cursor": "9.b", "total": 9, "active": true}'});
  answer({cursor: "7.b", total: 7, active: true});
  await settled();
  assert.deepEqual(taken.map((news) => news.total), [9]);
});

test("a push that has ended is asked about every ten seconds", async () => {
  const {asked} = push({follow: "follow/", active: ""}, []);
  await settled();
  browser.open()[0].take({data: '{"cursor": "8.b", "total": 8, "active": false}'});
  await browser.passes(9750);
  assert.deepEqual([browser.open().length, asked.length], [0, 0]);
  await browser.passes(250);
  assert.deepEqual(asked, ["news/?cursor=8.b"]);
});

test("a push that is resumed is followed again", async () => {
  push({follow: "follow/"}, [{cursor: "9.c", total: 9, active: true}]);
  await browser.passes(10_250);
  assert.equal(browser.open()[0].address, "follow/?cursor=9.c");
});
