import assert from "node:assert/strict";
import {readdirSync, readFileSync} from "node:fs";
import {test} from "node:test";
import {COMPARE_WORDS} from "../../../rnnlab/exports/page/compare_words.js";
import {LEARN_WORDS} from "../../../rnnlab/exports/page/learn_words.js";
import {SEE_WORDS} from "../../../rnnlab/exports/page/see_words.js";
import {addWords, say, speak, WORDS} from "../../../rnnlab/exports/page/words.js";

const FOLDER = new URL("../../../rnnlab/exports/page/", import.meta.url);
const source = (name) => readFileSync(new URL(name, FOLDER), "utf-8");
const values = (words) => [...words.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test("both languages have the same keys, in the same order", () => {
  assert.deepEqual(Object.keys(WORDS.ko), Object.keys(WORDS.en));
});

test("both languages fill in the same values", () => {
  for (const key of Object.keys(WORDS.en)) assert.deepEqual(values(WORDS.ko[key]), values(WORDS.en[key]), key);
});

test("no Korean words are left in English", () => {
  for (const [key, words] of Object.entries(WORDS.ko)) {
    if (!["top_k", "top_p", "min_p", "save_midi", "seed_near"].includes(key)) assert.match(words, /[가-힣]/, key);
  }
});

test("every key that a module or the document names has words", () => {
  const modules = readdirSync(FOLDER).filter((name) => name.endsWith(".js"));
  const words = {...WORDS.en, ...COMPARE_WORDS.en, ...LEARN_WORDS.en, ...SEE_WORDS.en};
  const named = [
    ...modules.flatMap((name) => [...source(name).matchAll(/\bsay\((?:[^"()`]*\? )?"(\w+)"/g)].map(([, key]) => key)),
    ...[...source("page.html").matchAll(/data-say(?:-label)?="(\w+)"/g)].map(([, key]) => key),
  ];
  assert.ok(named.length > 50);
  for (const key of named) assert.ok(key in words, key);
});

test("say puts values in their places, and writes numbers with commas", () => {
  speak("ko");
  assert.equal(say("speed_number", {count: 12345}), "1초에 12,345개");
  speak("nonsense");
  assert.equal(say("stop"), "멈춤");
  speak("en");
  assert.equal(say("said_step", {token: "{share}", share: "5 %", bits: "1.0"}), "{share}, probability 5 %, 1.0 bits");
  assert.throws(() => say("no such key"));
});

test("a further part adds its words in both languages", () => {
  addWords({en: {a_part: "Part"}, ko: {a_part: "부분"}});
  assert.equal(say("a_part"), "Part");
  speak("ko");
  assert.equal(say("a_part"), "부분");
  speak("en");
});
