import assert from "node:assert/strict";
import test from "node:test";

import {load} from "./load.mjs";

const {duration} = await load("pushes/seconds.js");
const {short} = await load("main/times.js");

test("a duration has the two units that matter", () => {
  const texts = {0: "0 s", 59.9: "59 s", 60: "1 min 00 s", 65: "1 min 05 s", 3599: "59 min 59 s",
    3600: "1 h 00 min", 7380: "2 h 03 min", 360000: "100 h 00 min"};
  for (const [seconds, text] of Object.entries(texts)) {
    assert.equal(duration(Number(seconds)), text);
  }
});

// In the reader's zone, whatever that is.
const now = new Date(2026, 2, 10, 0, 30);

test("a moment of today is its time", () => {
  assert.match(short(new Date(2026, 2, 10, 0, 5), now), /^00[:.]05$/);
  assert.match(short(new Date(2026, 2, 10, 23, 59), now), /^23[:.]59$/, "a clock that is ahead");
});

test("a moment of yesterday says so, however few hours ago it was", () => {
  assert.match(short(new Date(2026, 2, 9, 23, 59), now), /^yesterday 23[:.]59$/);
  assert.match(short(new Date(2026, 2, 9, 0, 0), now), /^yesterday 00[:.]00$/);
});

test("an older moment of this year has its day and time", () => {
  assert.match(short(new Date(2026, 2, 8, 23, 59), now), /^8 Mar 23[:.]59$/);
  assert.match(short(new Date(2026, 0, 1, 12, 0), now), /^1 Jan 12[:.]00$/);
});

test("a moment of another year has its year", () => {
  assert.equal(short(new Date(2025, 11, 24, 12, 0), now), "24 Dec 2025");
});

test("yesterday may be of another year", () => {
  assert.match(short(new Date(2025, 11, 31, 12, 0), new Date(2026, 0, 1, 9)), /^yesterday 12[:.]00$/);
});

test("yesterday may have 23 or 25 hours", () => {
  // Wherever summer time begins or ends, each day of the year has the one before it as yesterday.
  for (let day = 1; day < 366; day += 1) {
    const at = new Date(2026, 0, day, 12);
    assert.match(short(at, new Date(2026, 0, day + 1, 12)), /^yesterday /, String(at));
  }
});
