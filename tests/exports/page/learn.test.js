// The part "Watch it learn": its order, its words and its numbers.

import assert from "node:assert/strict";
import {test} from "node:test";

import {learnPart, numbersShown, remarkOn, snapshotsInOrder} from "../../../rnnlab/exports/page/learn.js";
import {learnWords} from "../../../rnnlab/exports/page/learn_words.js";

test("without two snapshots there is no such part", () => {
  assert.equal(learnPart({description: {}}), null);
  assert.equal(learnPart({description: {snapshots: [{epoch: 3}]}}), null);
});

test("snapshots stand in the order of their epochs, each once, the kept one first", () => {
  const kept = {epoch: 4, kept: true};
  const found = snapshotsInOrder({snapshots: [{epoch: 9}, {epoch: 4, kept: false}, kept, {epoch: 1}]});

  assert.deepEqual(found.map(({epoch}) => epoch), [1, 4, 9]);
  assert.equal(found[1], kept);
});

test("numbers are written as the language writes them", () => {
  const shown = numbersShown("en", "not measured");

  assert.equal(shown.number(2000), "2,000");
  assert.equal(shown.loss(0.00045312), "0.000453");
  assert.equal(shown.loss(2.6391), "2.64");
  assert.equal(shown.loss(null), "not measured");
  assert.equal(shown.loss(NaN), "not measured");
});

test("it is said how much is right, and whether the network goes round in a circle", () => {
  const words = learnWords.en;
  const said = (written, right, kind = "notes") => remarkOn({written, right}, kind, words, String);

  assert.deepEqual(said([7, 7, 7, 7], [true, false, false, null]), ["1 of 3 notes are right", "it repeats one note"]);
  assert.deepEqual(said([1, 2, 3], [true, true, true]), ["3 of 3 notes are right"]);
  assert.deepEqual(said([1, 2, 1, 2, 1, 2], Array(6).fill(true)), ["6 of 6 notes are right"]); // the song itself repeats
  assert.deepEqual(said([1, 2, 1, 2, 1, 2], Array(6).fill(null), "text"), ["it repeats 2 characters over and over"]);
  assert.deepEqual(said([1, 2, 3], Array(3).fill(null), "text"), []);
});

test("both languages have the same words", () => {
  const shape = (words) => Object.fromEntries(
    Object.entries(words).map(([key, value]) => [key, typeof value === "object" ? shape(value) : typeof value]),
  );

  assert.deepEqual(shape(learnWords.ko), shape(learnWords.en));
});
