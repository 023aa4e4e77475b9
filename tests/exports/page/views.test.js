import assert from "node:assert/strict";
import {test} from "node:test";
import {frequencyOf} from "../../../rnnlab/exports/page/audio.js";
import {likeliest, percentage} from "../../../rnnlab/exports/page/chances.js";
import {keysOf} from "../../../rnnlab/exports/page/keyboard.js";
import {barOf, isBlackKey, pitchName} from "../../../rnnlab/exports/page/notes_view.js";
import {AgainstSong, songOffset} from "../../../rnnlab/exports/page/song.js";
import {surpriseClass} from "../../../rnnlab/exports/page/text_view.js";

test("a class of surprise begins at 1, 2, 3, 5 and 8 bits", () => {
  const classes = [0, 0.99, 1, 1.99, 2, 3, 4.99, 5, 7.99, 8, 60].map(surpriseClass);
  assert.deepEqual(classes, [0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 5]);
  assert.equal(surpriseClass(NaN), 0);
  assert.equal(surpriseClass(Infinity), 5);
});

test("the likeliest come in order, and of equal ones the lower id first", () => {
  assert.deepEqual(likeliest([1, 5, 5, 2, 9], 3), [4, 1, 2]);
  assert.deepEqual(likeliest([1, 2], 12), [1, 0]);
  const many = Float32Array.from({length: 10000}, (_, id) => (id * 7919) % 10007);
  const sorted = [...many.keys()].sort((one, other) => many[other] - many[one] || one - other);
  assert.deepEqual(likeliest(many, 60), sorted.slice(0, 60));
});

test("a percentage has about three digits, and nearly certain is not written as certain", () => {
  const shown = [1, 0.9999, 0.5, 0.0123, 0.0001, 1e-9, 0].map(percentage);
  assert.deepEqual(shown, ["100 %", "> 99.9 %", "50.0 %", "1.23 %", "0.01 %", "< 0.01 %", "0 %"]);
});

test("pitches are named as the tokens spell them", () => {
  assert.deepEqual([60, 72, 48, 61, 70, 36].map(pitchName), ["c", "c'", "c,", "cis", "bes", "c,,"]);
  assert.deepEqual([60, 61, 63, 64, 65, 66, 70, 71].map(isBlackKey), [false, true, true, false, false, true, true, false]);
});

test("a bar has the quarter notes of its metre", () => {
  assert.deepEqual(["2/4", "3/4", "6/8", "4/4", null].map(barOf), [2, 3, 3, 4, 4]);
});

test("a is 440 hertz, and an octave doubles the frequency", () => {
  assert.equal(frequencyOf(69), 440);
  assert.equal(frequencyOf(81), 880);
  assert.ok(Math.abs(frequencyOf(60) - 261.6256) < 1e-4);
});

test("the keyboard writes single notes and rests only, and knows the durations of each", () => {
  const tokens = ["c4", "d8", "<c e>4", "g4~", "r8", "\n"];
  const sounds = [
    {pitches: [60], quarters: 1, tied: false}, {pitches: [62], quarters: 0.5, tied: false},
    {pitches: [60, 64], quarters: 1, tied: false}, {pitches: [67], quarters: 1, tied: true},
    {pitches: [], quarters: 0.5, tied: false}, null,
  ];
  const keys = keysOf({tokens, sounds});
  assert.deepEqual([...keys].map(([duration, ids]) => [duration, [...ids]]), [[1, [[60, 0]]], [0.5, [[62, 1], ["rest", 4]]]]);
});

test("a seed is found in the song wherever it first stands", () => {
  assert.equal(songOffset([1, 2], [0, 1, 2, 1, 2]), 1);
  assert.equal(songOffset([2, 2], [0, 1, 2, 1, 2]), -1);
  assert.equal(songOffset([], [0, 1]), -1);
  assert.equal(songOffset([1], null), -1);
});

test("written notes are wrong where the song has another one, up to the end of the song", () => {
  let cut;
  const player = {description: {song: [9, 0, 1, 2, 3, 4], boundary: 9}, onCut: (callback) => { cut = callback; },
    seed: [1, 2], seedLength: 3, ids: [9, 1, 2, 3, 0, 0, 0]};
  const against = new AgainstSong(player);
  cut(0);
  against.count();
  assert.deepEqual([1, 2, 3, 4, 5, 6].map((index) => against.isWrong(index)), [false, false, false, true, false, false]);
  assert.deepEqual([against.wrong, against.compared], [1, 2]);
  against.count();
  assert.deepEqual([against.wrong, against.compared], [1, 2]);
});
