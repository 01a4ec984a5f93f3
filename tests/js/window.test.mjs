import assert from "node:assert/strict";
import test from "node:test";

import {load} from "./load.mjs";

const {
  MOST, STEP, arrival, around, beyond, follows, growth, holds, kept, last, nearest, newest,
} = await load("pushes/window.js");

const window = (first, end, total) => ({first, end, total});

test("news that join the window are put into it", () => {
  for (const following of [true, false]) {
    assert.equal(arrival(window(100, 200, 200), following, 200), "put");
    assert.equal(arrival(window(100, 200, 200), following, 199), "put", "the open line");
    assert.equal(arrival(window(0, 0, 0), following, 0), "put", "the first lines");
  }
});

test("news beyond the window restart it only while it follows", () => {
  for (const first of [99, 201, 5000]) {
    assert.equal(arrival(window(100, 200, 5000), true, first), "restart");
    assert.equal(arrival(window(100, 200, 5000), false, first), "ignore");
  }
});

test("a full window that does not follow takes no more news", () => {
  assert.equal(arrival(window(0, MOST - 1, MOST), false, MOST - 1), "put");
  assert.equal(arrival(window(0, MOST, MOST), false, MOST), "ignore");
  assert.equal(arrival(window(0, MOST, MOST), true, MOST), "put");
});

test("news without lines are ignored", () => {
  assert.equal(arrival(window(0, 10, 10), true, null), "ignore");
});

test("a window that follows keeps the newest lines", () => {
  assert.deepEqual(newest(window(0, 500, 500)), [0, 500]);
  assert.deepEqual(newest(window(0, 5000, 5000)), [5000 - MOST, 5000]);
  assert.deepEqual(newest(window(4900, 5000, 5000)), [4900, 5000]);
});

test("a window holds its first line and not its end", () => {
  assert.ok(holds(window(10, 20), 10));
  assert.ok(holds(window(10, 20), 19));
  assert.ok(!holds(window(10, 20), 9));
  assert.ok(!holds(window(10, 20), 20));
});

test("the nearest line of a log is one that it has", () => {
  assert.equal(nearest(-3, 10), 0);
  assert.equal(nearest(5, 10), 5);
  assert.equal(nearest(10, 10), 9);
  assert.equal(nearest(7, 0), 0);
});

test("a jump fetches the lines on both sides", () => {
  assert.deepEqual(around(1000), {first: 1000 - STEP / 2, count: STEP});
  assert.deepEqual(around(3), {first: 0, count: STEP});
});

test("the last lines include the open one", () => {
  assert.deepEqual(last(5000), {first: 5000 - STEP, count: STEP + 1});
  assert.deepEqual(last(10), {first: 0, count: STEP + 1});
});

test("a window grows by lines that it does not have", () => {
  assert.deepEqual(beyond(window(500, 900), 1), {first: 900, count: STEP});
  assert.deepEqual(beyond(window(500, 900), -1), {first: 500 - STEP, count: STEP});
  assert.deepEqual(beyond(window(30, 900), -1), {first: 0, count: 30});
});

test("a window that has grown is cut at its other end", () => {
  assert.deepEqual(kept(window(100, 100 + MOST + STEP), 1), [100 + STEP, 100 + MOST + STEP]);
  assert.deepEqual(kept(window(100, 100 + MOST + STEP), -1), [100, 100 + MOST]);
  for (const way of [1, -1]) assert.deepEqual(kept(window(5, 50), way), [5, 50]);
});

test("whichever way one scrolls, the window has consecutive lines and at most MOST", () => {
  const total = 5000;
  let [first, end] = [2000, 2400];
  const seen = new Set();
  for (let step = 0; step < 200; step += 1) {
    const way = step % 60 < 40 ? 1 : -1;
    if (way > 0 ? end < total : first > 0) {
      const asked = beyond({first, end}, way);
      const fetched = Math.min(asked.first + asked.count, total);
      assert.equal(way > 0 ? asked.first : fetched, way > 0 ? end : first, "they join");
      [first, end] = kept(way > 0 ? {first, end: fetched} : {first: asked.first, end}, way);
    }
    assert.ok(0 <= first && first < end && end <= total && end - first <= MOST);
    seen.add(first).add(end);
  }
  assert.ok(seen.has(total), "the end was reached");
});

test("a window grows at the end that is near on the screen", () => {
  const middle = window(1000, 1400, 5000);
  assert.equal(growth(middle, 5000, 5000), 0);
  assert.equal(growth(middle, 100, 5000), -1);
  assert.equal(growth(middle, 5000, 100), 1);
  assert.equal(growth(middle, 100, 100), -1, "what is above first");
});

test("a window does not grow beyond the log", () => {
  assert.equal(growth(window(0, 400, 5000), 0, 5000), 0);
  assert.equal(growth(window(0, 400, 5000), 0, 0), 1);
  assert.equal(growth(window(0, 400, 400), 0, 0), 0);
});

test("a page stops following when the reader scrolls up", () => {
  const all = window(0, 400, 400);
  assert.equal(follows(all, true, -10, 41), false);
  assert.equal(follows(all, true, -10, 40), true, "hardly away");
  assert.equal(follows(all, true, 10, 500), true, "the page itself scrolls down");
});

test("a page follows again when the reader scrolls to the end of the log", () => {
  const all = window(0, 400, 400);
  assert.equal(follows(all, false, 10, 3), true);
  assert.equal(follows(all, false, 10, 4), false, "not there yet");
  assert.equal(follows(all, false, 0, 0), false, "a jump has led there");
  assert.equal(follows(window(0, 300, 400), false, 10, 0), false, "there is more to fetch");
});
