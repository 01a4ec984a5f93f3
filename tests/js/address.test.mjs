import assert from "node:assert/strict";
import test from "node:test";

import {load} from "./load.mjs";

const {hashOf, lineOf, moved, pathOf} = await load("pushes/address.js");

test("a line of an address counts from 1", () => {
  assert.equal(lineOf("#L1"), 0);
  assert.equal(lineOf("#L120"), 119);
  assert.equal(lineOf("#L0"), 0);
});

test("a hash that names no line is none", () => {
  for (const hash of ["", "#", "#L", "#Lx", "#L1x", "#l1", "#L-1", "L1", "#stage-1"]) {
    assert.equal(lineOf(hash), null, hash);
  }
});

test("a line and its hash name each other", () => {
  for (const line of [0, 1, 99, 1_999_999]) assert.equal(lineOf(hashOf(line)), line);
});

test("the last part of a push's path becomes its number", () => {
  assert.equal(pathOf("/deployments/3/pushes/id-17/", "12"), "/deployments/3/pushes/12/");
  assert.equal(pathOf("/deployments/3/pushes/12/", "12"), "/deployments/3/pushes/12/");
});

test("links below a push move with it, others stay", () => {
  const [before, after] = ["/deployments/3/pushes/id-17/", "/deployments/3/pushes/12/"];
  assert.equal(moved(`${before}log/`, before, after), `${after}log/`);
  assert.equal(moved(before, before, after), after);
  assert.equal(moved("/deployments/3/", before, after), "/deployments/3/");
  assert.equal(moved("?line=3#L3", before, after), "?line=3#L3");
  assert.equal(moved("run", before, after), "run", "a button's value");
});
