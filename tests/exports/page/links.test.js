import assert from "node:assert/strict";
import {test} from "node:test";
import {fileName, hashOf, settingsOf} from "../../../rnnlab/exports/page/links.js";

const ALL = {seed: "g8 e8\n<c e>4 & 50% #1 🎵", temperature: 0.73, top_k: 5, top_p: 0.9, min_p: 0.05, random_seed: 9007199254740991,
  length: 50, samples: 3, tempo: 96.5, volume: 0.4, instrument: "flute", speed: "fast", language: "ko", loop: true};

test("a link gives back all settings that it was made of", () => {
  assert.deepEqual(settingsOf(hashOf(ALL)), ALL);
});

test("settings that are not set are left out", () => {
  assert.equal(hashOf({seed: "a", top_k: null, top_p: undefined, loop: false}), "#seed=a&loop=0");
});

test("what is no such number, out of range or unknown is left out", () => {
  const hash = "#temperature=warm&top_k=1.5&top_p=2&min_p=-1&random_seed=1e400&length=&tempo=9999&loop=yes&evil=1&seed=x";
  assert.deepEqual(settingsOf(hash), {seed: "x"});
});

test("a top-p of 0 would leave no token: it is out of range", () => {
  assert.deepEqual(settingsOf("#top_p=0"), {});
  assert.deepEqual(settingsOf("#top_p=0.001"), {top_p: 0.001});
});

test("a temperature of 0 is kept: it is greedy", () => {
  assert.deepEqual(settingsOf("#temperature=0"), {temperature: 0});
});

test("an empty link has no settings", () => {
  assert.deepEqual(settingsOf(""), {});
  assert.deepEqual(settingsOf("#"), {});
});

test("a file name has no path, no dots and no controls", () => {
  assert.equal(fileName("../../etc/pass\u0000wd", "txt"), "etc-pass-wd.txt");
  assert.equal(fileName("나비야_lstm-1", "mid"), "나비야_lstm-1.mid");
  assert.equal(fileName("///", "mid"), "network.mid");
});
