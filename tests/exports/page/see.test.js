// The parts of the inside of the network that need no document.

import assert from "node:assert/strict";
import {test} from "node:test";

import {limitAbove} from "../../../rnnlab/exports/page/heat_map.js";
import {classOfLevel, levelOf, shownToken, signed} from "../../../rnnlab/exports/page/see_dom.js";
import {filledTemplate, shownNumber, weightedSum} from "../../../rnnlab/exports/page/see_numbers.js";
import {StepRecord} from "../../../rnnlab/exports/page/see_record.js";
import {partTitle} from "../../../rnnlab/exports/page/see.js";
import {SEE_WORDS} from "../../../rnnlab/exports/page/see_words.js";
import {addWords} from "../../../rnnlab/exports/page/words.js";

const layer = () => ({units: 2, values: new Map([["i", new Float32Array(2)], ["h", new Float32Array(2)]])});

function tell(record, own, index, i, h) {
  own.values.get("i").set(i);
  own.values.get("h").set(h);
  record.push(index);
}

test("numbers are written as in Python", () => {
  const written = [0.25, -0.00001, 3, -12, 1234.5678, 12345.678, 0].map(shownNumber);
  assert.deepEqual(written, ["0.2500", "0.0000", "3", "-12", "1234.57", "12345.7", "0"]);
});

test("a negative number gets brackets in a product and after a minus sign, and turns a plus sign", () => {
  const numbers = [-0.5, 0.25];
  const fill = (...pieces) => filledTemplate(pieces, ([place]) => numbers[place]);
  assert.equal(fill([0], "·", [1], " + ", [0]), "(-0.5000)·0.2500 - 0.5000");
  assert.equal(fill("1 - ", [0]), "1 - (-0.5000)");
  assert.equal(fill("tanh(", [0], " + ", [0], "·", [1], ")"), "tanh(-0.5000 + (-0.5000)·0.2500)");
});

test("of more than four summands, the three largest are shown in their order", () => {
  const {text, others} = weightedSum([1, 0, 2, 3, 4, 5], (place) => [0.5, 9, 0.125, -1, 2, -3][place]);
  assert.equal(text, "3·(-1) + 4·2 + 5·(-3) + 0.7500");
  assert.equal(others, 2);
});

test("a sum of nothing is 0", () => {
  assert.deepEqual(weightedSum([0, 0], () => 1), {text: "0", others: 0});
});

test("the record keeps the last steps, each with its own numbers", () => {
  const own = layer();
  const record = new StepRecord([own]);
  for (let index = 0; index < record.capacity + 3; index++) tell(record, own, index, [index, 0], [0, -index]);
  const last = record.capacity + 2;
  assert.equal(record.value(0, "h", last, 1), -last);
  assert.equal(record.value(0, "i", 3, 0), 3);
  assert.ok(!record.has(2));
  assert.ok(Number.isNaN(record.value(0, "i", 2, 0)));
});

test("steps that became void are not found again, even before others take their places", () => {
  const own = layer();
  const record = new StepRecord([own]);
  for (let index = 0; index < 6; index++) tell(record, own, index, [index, 0], [0, 0]);
  const {version} = record;
  record.cut(0);
  tell(record, own, 3, [9, 9], [9, 9]); // the first window of another text
  assert.deepEqual([0, 1, 2, 3, 4].map((index) => record.has(index)), [false, false, false, true, false]);
  assert.notEqual(record.version, version);
});

test("the unit that varies most comes first", () => {
  const own = layer();
  const record = new StepRecord([own]);
  [[5, 0], [5, 1], [5, 0]].forEach((h, index) => tell(record, own, index, [0, 0], h));
  assert.deepEqual(record.mostVarying(0, "h", 2), [1, 0]);
});

test("a scale is a round number above its values", () => {
  assert.deepEqual([0, 0.2, 1, 1.2, 2.5, 8, 12].map(limitAbove), [1, 1, 1, 1.5, 3, 10, 15]);
});

test("levels have a sign of their own", () => {
  assert.deepEqual([-1, -0.5, 0.04, 0.5, 3, NaN].map((value) => levelOf(value, 1)), [-5, -3, 0, 3, 5, 0]);
  assert.equal(classOfLevel(-5), "see-level see-takes-5");
});

test("values and tokens can be read", () => {
  assert.deepEqual([0.12345, -0.5, -0.00001, NaN].map((value) => signed(value)), ["+0.123", "−0.500", "0.000", "–"]);
  assert.deepEqual([" ", "\n", "é", "\u202e", "ab"].map((token) => shownToken(token)), ["␣", "↵", "é", "⟨U+202E⟩", "ab"]);
  assert.equal(shownToken("c4".repeat(20), 6), "c4c4c…");
});

test("both languages say the same things, with the same values", () => {
  const shape = (words) => Object.entries(words).map(([key, text]) => [key, (text.match(/\{\w+\}/g) ?? []).sort()]);
  assert.deepEqual(shape(SEE_WORDS.ko), shape(SEE_WORDS.en));
});

test("a gate that has no name in words is named by its letter", () => {
  addWords(SEE_WORDS);
  assert.equal(partTitle({name: "q", symbol: "q", range: [0, 1]}, true), "gate q");
  assert.equal(partTitle({name: "m", symbol: "m", range: null}, true), "state m");
  assert.equal(partTitle({name: "i", symbol: "i", range: [0, 1]}, true), "input gate i");
});
