import assert from "node:assert/strict";
import {test} from "node:test";
import {isPlain, Seeds, visibleToken} from "../../../rnnlab/exports/page/seed.js";

const SONG = new Seeds({kind: "notes", tokens: ["c4", "d4", "e4", "g8", "<c e>4", "c4.", "r4"], boundary: null});
const LINES = new Seeds({kind: "notes", tokens: ["c4", "\n", "d4"], boundary: 1});
const TEXT = new Seeds({kind: "text", tokens: [..."abcE '-\né한👍"], boundary: null});

test("notes stand between white space, and bar checks do not count, even without a space", () => {
  assert.deepEqual(SONG.parse("  c4 d4|e4 | g8\n\n<c  e>4 r4 "), {ids: [0, 1, 2, 3, 4, 6], unknown: []});
});

test("an unknown note is named once, with the nearest known ones first", () => {
  const {ids, unknown} = SONG.parse("c4 h4 c8 c8");
  assert.deepEqual(ids, [0]);
  assert.deepEqual(unknown.map(({token}) => token), ["h4", "c8"]);
  assert.equal(unknown[0].near.length, 3);
  assert.ok(unknown[0].near.every((token) => token.endsWith("4")));
  assert.ok(unknown[1].near.includes("c4") && unknown[1].near.includes("g8"));
});

test("a line break between notes is the boundary token where the vocabulary has it, and only there", () => {
  assert.deepEqual(LINES.parse("c4 \n d4 c4\n").ids, [0, 1, 2, 0]);
});

test("a text is read by code point: white space counts, and an emoji is one token", () => {
  assert.deepEqual(TEXT.parse("a b\n👍").ids, [0, 4, 1, 7, 10]);
});

test("an unknown character has its other case, its letter and its typed form near it", () => {
  const near = (character) => TEXT.parse(character).unknown[0].near;
  assert.deepEqual(near("A"), ["a"]);
  assert.deepEqual(near("e"), ["E"]);
  assert.deepEqual(near("â"), ["a"]);
  assert.deepEqual(near("’"), ["'"]);
  assert.deepEqual(near("—"), ["-"]);
  assert.deepEqual(near("x"), []);
});

test("join gives a text that parse reads again, without the boundary at the beginning", () => {
  for (const [seeds, ids] of [[SONG, [4, 0, 6]], [TEXT, [0, 4, 10, 7]]]) assert.deepEqual(seeds.parse(seeds.join(ids)).ids, ids);
  assert.equal(LINES.join([1, 0, 2]), "c4 d4");
});

test("what cannot be seen, or turns the direction of a text, is shown as a symbol or a code point", () => {
  const shown = {" ": "␣", "\n": "↵", "\t": "⇥", "\u0000": "␀", "\u001b": "␛", "\u202e": "⟨U+202E⟩", "\u200b": "⟨U+200B⟩",
    "\u0301": "◌\u0301", "\u00a0": "⟨U+00A0⟩", "\u2028": "⟨U+2028⟩", "": "∅", "</script>": "</script>", "é": "é"};
  for (const [token, text] of Object.entries(shown)) assert.equal(visibleToken(token), text);
  for (const token of ["\u202e", "\u2066", "\u0007", "\ud800"]) assert.equal(isPlain(token), false);
  for (const token of ["a", " ", "한", "👍"]) assert.equal(isPlain(token), true);
});
