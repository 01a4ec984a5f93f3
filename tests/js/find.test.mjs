import assert from "node:assert/strict";
import test from "node:test";

import {load} from "./load.mjs";

const {next} = await load("pushes/find.js");

// What the server answers about a log in which these lines have the words.
function log(...hits) {
  const asked = [];
  const ask = async (from, upwards) => {
    asked.push(from);
    const found = upwards
      ? hits.filter((line) => line <= from).at(-1) : hits.find((line) => line >= from);
    return found ?? null;
  };
  return {ask, asked};
}

test("the search finds the next line down and up", async () => {
  const {ask} = log(3, 8, 20);
  assert.deepEqual(await next(ask, 4, 100, false), {line: 8, text: "line 9"});
  assert.deepEqual(await next(ask, 7, 100, true), {line: 3, text: "line 4"});
  assert.deepEqual(await next(ask, 8, 100, false), {line: 8, text: "line 9"});
});

test("the search goes on at the other end of the log", async () => {
  const {ask} = log(3, 8);
  assert.deepEqual(await next(ask, 9, 100, false), {line: 3, text: "line 4, from the top"});
  assert.deepEqual(await next(ask, 2, 100, true), {line: 8, text: "line 9, from the end"});
});

test("the search never asks for lines that the log does not have", async () => {
  const {ask, asked} = log(0, 99);
  assert.equal((await next(ask, 100, 100, false)).text, "line 1, from the top");
  assert.equal((await next(ask, -1, 100, true)).text, "line 100, from the end");
  assert.deepEqual(asked, [0, 99]);
  assert.equal((await next(ask, 0, 0, false)).line, null);
  assert.deepEqual(asked, [0, 99], "an empty log");
});

test("words that are nowhere are not found", async () => {
  const {ask, asked} = log();
  assert.deepEqual(await next(ask, 50, 100, false), {line: null, text: "not found"});
  assert.deepEqual(asked, [50, 0]);
});
