import assert from "node:assert/strict";
import {test} from "node:test";
import {midiOf, strikesOf, variableLength} from "../../../rnnlab/exports/page/midi.js";

const note = (pitch, quarters, tied = false) => ({pitches: [pitch], quarters, tied});

test("a number of variable length has seven bits a byte, as the standard's table gives them", () => {
  const table = [[0, [0]], [0x40, [0x40]], [0x7f, [0x7f]], [0x80, [0x81, 0]], [0x2000, [0xc0, 0]], [0x3fff, [0xff, 0x7f]],
    [0x4000, [0x81, 0x80, 0]], [0x0fffffff, [0xff, 0xff, 0xff, 0x7f]]];
  for (const [number, bytes] of table) assert.deepEqual(variableLength(number), bytes);
});

test("one quarter note is a file of these bytes", () => {
  const bytes = [...midiOf([note(60, 1)], {tempo: 120, meter: "3/4", program: 10})];
  const text = [..."rnnlab: times are exact"].map((character) => character.charCodeAt(0));
  const track = [
    0, 0xff, 0x01, text.length, ...text,
    0, 0xff, 0x51, 3, 0x07, 0xa1, 0x20, // 500,000 microseconds a quarter note
    0, 0xff, 0x58, 4, 3, 2, 24, 8,
    0, 0xc0, 10,
    0, 0x90, 60, 80,
    0x83, 0x60, 0x80, 60, 64, // after 480 ticks
    0, 0xff, 0x2f, 0,
  ];
  const header = [0x4d, 0x54, 0x68, 0x64, 0, 0, 0, 6, 0, 0, 0, 1, 0x01, 0xe0];
  assert.deepEqual(bytes, [...header, 0x4d, 0x54, 0x72, 0x6b, 0, 0, 0, track.length, ...track]);
});

test("a tied note sounds once, and the place where its parts meet is kept", () => {
  const {strikes, bounds, end} = strikesOf([note(60, 1, true), note(60, 0.5), note(62, 1)]);
  assert.deepEqual(strikes, [{begin: 0, end: 720, pitch: 60}, {begin: 720, end: 1200, pitch: 62}]);
  assert.deepEqual([bounds, end], [[480], 1200]);
});

test("a tie to another pitch holds nothing, rests are silent, and a boundary has no length", () => {
  const {strikes, end} = strikesOf([note(60, 1, true), note(64, 1), {pitches: [], quarters: 2, tied: false}, null, note(60, 1)]);
  assert.deepEqual(strikes.map(({begin, end, pitch}) => [begin, end, pitch]), [[0, 480, 60], [480, 960, 64], [1920, 2400, 60]]);
  assert.equal(end, 2400);
});

test("triplets are exact; a fifth of a third of a note that the ticks cannot count is not said to be exact", () => {
  const third = note(60, 1 / 3);
  assert.deepEqual(strikesOf([third, third, third]).strikes.map(({begin}) => begin), [0, 160, 320]);
  assert.equal(strikesOf([third]).exact, true);
  assert.equal(strikesOf([note(60, 1 / 7), note(60, 1)]).exact, false);
});
