// What is shown of each snapshot: its greedy continuation of the seed, as notes or as text.

import assert from "node:assert/strict";
import {test} from "node:test";

import {
  barsOf, expectedAfter, fillsRow, greedyContinuation, lengthOfRow, loopOf, pitchRange, rightness, shortText,
} from "../../../rnnlab/exports/page/learn_strips.js";

/** A source whose next token is the last one plus one, of `size` tokens; it notes what it is given. */
function countingSource(size) {
  const given = [];
  const after = (id) => Float32Array.from({length: size}, (_, token) => (token === (id + 1) % size ? 1 : 0));
  return {
    given,
    start(ids) { given.push([...ids]); return after(ids.at(-1)); },
    feed(id) { given.push(id); return after(id); },
  };
}

const mostProbable = (logits) => logits.indexOf(Math.max(...logits));

function finished(generator) {
  let steps = 0;
  for (let step = generator.next(); ; step = generator.next(), steps++) if (step.done) return {ids: step.value, steps};
}

test("a continuation is greedy, and has the wanted length", () => {
  const source = countingSource(10);
  const {ids} = finished(greedyContinuation(source, [3, 4], mostProbable, {regime: "stream", window: 2, length: 4, stop: -1}));

  assert.deepEqual(ids, [5, 6, 7, 8]);
  assert.deepEqual(source.given, [[3], 4, 5, 6, 7]);
});

test("choose is asked for the most probable token", () => {
  const asked = [];
  const choose = (logits, settings, uniform) => { asked.push([settings, uniform]); return 0; };

  finished(greedyContinuation(countingSource(3), [1], choose, {regime: "stream", window: 1, length: 1, stop: -1}));

  assert.deepEqual(asked, [[{temperature: 0, topK: null, topP: null, minP: null}, 0]]);
});

test("the seed is read as the regime asks", () => {
  const seed = [0, 1, 2, 3, 4];
  const read = (regime) => {
    const source = countingSource(9);
    finished(greedyContinuation(source, seed, mostProbable, {regime, window: 3, length: 1, stop: -1}));
    return source.given;
  };

  assert.deepEqual(read("stream"), [[0], 1, 2, 3, 4]);
  assert.deepEqual(read("stateful_windows"), [[0, 1, 2], 3, 4]);
  assert.deepEqual(read("windows"), [[0, 1, 2, 3, 4]]);
});

test("a continuation ends with the stop token, or where the row is full", () => {
  const limits = {regime: "stream", window: 1, length: 20};

  assert.deepEqual(finished(greedyContinuation(countingSource(9), [3], mostProbable, {...limits, stop: 6})).ids, [4, 5, 6]);
  const isFull = (ids) => ids.length === 2;
  assert.deepEqual(finished(greedyContinuation(countingSource(9), [3], mostProbable, {...limits, stop: -1, isFull})).ids, [4, 5]);
});

test("between two steps the page may draw", () => {
  const {steps} = finished(greedyContinuation(countingSource(9), [1, 2, 3], mostProbable, {regime: "stream", window: 1, length: 5, stop: -1}));

  assert.equal(steps, 2 + 4); // two tokens of the seed after the first, and four written tokens, of which the last is not read
});

test("the song goes on after the first place of the seed", () => {
  const song = [1, 2, 3, 1, 2, 4];

  assert.deepEqual(expectedAfter(song, [1, 2]), [3, 1, 2, 4]);
  assert.deepEqual(expectedAfter(song, [2, 4]), null); // nothing follows
  assert.deepEqual(expectedAfter(song, [9]), null);
  assert.deepEqual(expectedAfter(null, [1]), null);
  assert.deepEqual(expectedAfter(song, []), null);
});

test("each token is compared with the song as far as the song goes", () => {
  assert.deepEqual(rightness([3, 1, 9, 4], [3, 1, 2]), [true, true, false, null]);
  assert.deepEqual(rightness([3], null), [null]);
});

test("a row has the rest of the song, but not more than 96 notes", () => {
  assert.equal(lengthOfRow({kind: "notes"}, Array(50)), 50);
  assert.equal(lengthOfRow({kind: "notes"}, Array(5000)), 96);
  assert.equal(lengthOfRow({kind: "notes"}, null), 48);
  assert.equal(lengthOfRow({kind: "text"}, null), 40);
});

test("a loop is found when it is gone through three times at least", () => {
  assert.equal(loopOf([7, 7, 7, 7, 7, 7]), 1);
  assert.equal(loopOf([9, 8, 1, 2, 1, 2, 1, 2]), 2);
  assert.equal(loopOf([1, 2, 3, 4, 5, 6, 7, 8, 9]), 0);
  assert.equal(loopOf([1, 2, 3, 1, 2, 3]), 0);
  assert.equal(loopOf([]), 0);
});

test("a text is cut at forty columns; wide letters take two", () => {
  assert.equal(shortText([..."abc ".repeat(20)]), "abc ".repeat(10));
  assert.equal(shortText([..."나비야".repeat(20)]), "나비야".repeat(20).slice(0, 20));
  assert.equal(fillsRow([..."x".repeat(39)]), false);
  assert.equal(fillsRow([..."x".repeat(40)]), true);
  assert.equal(fillsRow([..."나".repeat(20)]), true);
});

test("characters that nobody sees are shown", () => {
  assert.equal(shortText(["a\nb\tc", "\u0000", "\u007f", "\u202e", "\u200f", "<b>"]), "a↵b⇥c␀␡��<b>");
});

test("bars of a roll begin where the one before ends; ties are joined, rests leave a gap", () => {
  const sounds = [
    {pitches: [60], quarters: 1, tied: false},
    {pitches: [60], quarters: 0.5, tied: true},
    {pitches: [], quarters: 2, tied: false},
    {pitches: [64, 67], quarters: 1, tied: false},
    null,
  ];

  assert.deepEqual(barsOf([1, 0, 2, 3, 4], sounds, [true, true, null, false, null]), {
    quarters: 4.5,
    bars: [
      {x: 0, width: 1.5, pitch: 60, right: true},
      {x: 3.5, width: 1, pitch: 64, right: false},
      {x: 3.5, width: 1, pitch: 67, right: false},
    ],
  });
  assert.deepEqual(barsOf([0, 0], sounds, [null, null]).bars.length, 2); // struck twice
});

test("all rolls of a network have one scale of pitches", () => {
  assert.deepEqual(pitchRange([{pitches: [60]}, null, {pitches: [64, 55]}, {pitches: []}]), [55, 64]);
  assert.deepEqual(pitchRange([null]), [60, 60]);
});
