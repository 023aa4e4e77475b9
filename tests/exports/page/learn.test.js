// The part "Watch it learn": its order, its words and its numbers.

import assert from "node:assert/strict";
import {test} from "node:test";

import {learning, remarkOn, snapshotsInOrder} from "../../../rnnlab/exports/page/learn.js";
import {lossShown} from "../../../rnnlab/exports/page/learn_curve.js";
import {LEARN_WORDS} from "../../../rnnlab/exports/page/learn_words.js";

test("without two snapshots there is no such part", () => {
  for (const snapshots of [undefined, [], [{epoch: 3}], [{epoch: 3}, {epoch: null, kept: true}]]) {
    const learn = {hidden: false};

    learning({description: {snapshots}, places: {learn}});

    assert.equal(learn.hidden, true);
  }
});

test("snapshots stand in the order of their epochs, each once, the kept one first", () => {
  const kept = {epoch: 4, kept: true};
  const found = snapshotsInOrder({snapshots: [{epoch: 9}, {epoch: 4, kept: false}, kept, {epoch: null}, {epoch: 1}]});

  assert.deepEqual(found.map(({epoch}) => epoch), [1, 4, 9]);
  assert.equal(found[1], kept);
});

test("a loss has three digits, and a small one a power of ten", () => {
  assert.equal(lossShown(0.00045312), "4.5e-4");
  assert.equal(lossShown(0.004531), "0.00453");
  assert.equal(lossShown(2.6391), "2.64");
  assert.equal(lossShown(null), "–");
  assert.equal(lossShown(NaN), "–");
});

test("it is said how much is right, and whether the network goes round in a circle", () => {
  const said = (written, right, kind = "notes") => remarkOn({written, right}, kind);

  assert.deepEqual(said([7, 7, 7, 7], [true, false, false, null]), ["1 of 3 notes right", "it repeats one note"]);
  assert.deepEqual(said([1, 2, 3], [true, true, true]), ["3 of 3 notes right"]);
  assert.deepEqual(said([1, 2, 1, 2, 1, 2], Array(6).fill(true)), ["6 of 6 notes right"]); // the song repeats itself
  assert.deepEqual(said([1, 2, 1, 2, 1, 2], Array(6).fill(null), "text"), ["it repeats 2 characters over and over"]);
  assert.deepEqual(said([1, 2, 3], Array(3).fill(null), "text"), []);
});

test("both languages have the same words with the same values", () => {
  const values = (words) => Object.fromEntries(
    Object.entries(words).map(([key, text]) => [key, [...text.matchAll(/\{\w+\}/g)].map(String).sort()]),
  );

  assert.deepEqual(values(LEARN_WORDS.ko), values(LEARN_WORDS.en));
});
