import assert from "node:assert/strict";
import {test} from "node:test";
import {commonSeed, countOfText, countsOf, Everyone, firstWrong, Turns, unknownOf} from "../../../rnnlab/exports/page/compare_parts.js";
import {COMPARE_WORDS} from "../../../rnnlab/exports/page/compare_words.js";
import {addWords} from "../../../rnnlab/exports/page/words.js";

addWords(COMPARE_WORDS);
const FRAMES = ["compare_note", "compare_listen_name", "compare_unknown", "compare_file_line"]; // values alone
const SONG = {isNotes: true, hasSong: true, follows: true, count: 31, compared: 31, wrong: 4, first: 12};
const wait = (time) => new Promise((done) => setTimeout(done, time));

function cardsOf(...names) {
  const heard = [];
  const cards = names.map((name) => ({
    name, canPlay: name !== "mute", play: () => heard.push(name), silence: () => heard.push(`-${name}`),
  }));
  return {cards, heard};
}

test("both languages have the same words, with the same values", () => {
  const {en, ko} = COMPARE_WORDS;
  const values = (words) => [...words.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
  assert.deepEqual(Object.keys(ko), Object.keys(en));
  for (const key of Object.keys(en)) assert.deepEqual(values(ko[key]), values(en[key]), key);
  for (const key of Object.keys(ko)) if (!FRAMES.includes(key)) assert.match(ko[key], /[가-힣]/, key);
});

test("the networks sound one after another, and one without notes is left out", async () => {
  const {cards, heard} = cardsOf("a", "mute", "b");
  const places = [];
  const turns = new Turns(cards, (place) => places.push(place), {between: 0});
  turns.start();
  assert.ok(turns.playing);
  turns.ended(cards[2]); // not the one whose turn it is
  await wait(5);
  assert.deepEqual(places, [0]);
  turns.ended(cards[0]);
  await wait(5);
  turns.ended(cards[2]);
  assert.deepEqual(places, [0, 2, -1]);
  assert.deepEqual(heard.filter((name) => !name.startsWith("-")), ["a", "b"]);
  assert.equal(turns.playing, false);
});

test("turns that are stopped do not go on, not even between two networks", async () => {
  const {cards, heard} = cardsOf("a", "b");
  const turns = new Turns(cards, () => {}, {between: 1});
  turns.start();
  turns.ended(cards[0]);
  turns.stop();
  await wait(10);
  assert.ok(!heard.includes("b"));
  assert.deepEqual(heard.slice(-2), ["-a", "-b"]);
});

test("with loop, the first network follows the last", async () => {
  const {cards, heard} = cardsOf("a");
  const turns = new Turns(cards, () => {}, {between: 0});
  turns.loop = true;
  turns.start();
  turns.ended(cards[0]);
  await wait(5);
  assert.deepEqual(heard.filter((name) => name === "a"), ["a", "a"]);
});

test("settings go to every player, and one that writes with the music does not count as running", () => {
  const player = () => ({
    running: false, settings: {rate: 10}, restarts: 0,
    set(changes) { Object.assign(this.settings, changes); }, stop() { this.running = false; }, restart() { this.restarts += 1; },
  });
  const players = [player(), player()];
  let silenced = 0;
  const everyone = new Everyone(players, {onRestart: () => { silenced += 1; }});
  everyone.set({randomSeed: 5});
  assert.deepEqual(players.map(({settings}) => settings.randomSeed), [5, 5]);
  players[0].running = true;
  players[0].settings.rate = "music";
  assert.equal(everyone.running, false);
  assert.equal(everyone.settings.rate, 10);
  players[1].running = true;
  assert.equal(everyone.running, true);
  everyone.restart();
  assert.equal(everyone.running, false);
  assert.deepEqual([players[0].restarts, players[1].restarts, silenced], [1, 1, 1]);
});

test("the counts of a song name the first wrong note", () => {
  assert.equal(countsOf(SONG), "31 notes · 4 differ from the song, the first is note 12");
  assert.equal(countsOf({...SONG, count: 1, compared: 1, wrong: 1, first: 1}), "1 note · 1 differs from the song: note 1");
  assert.equal(countsOf({...SONG, count: 31, wrong: 0, first: -3}), "31 notes · all as in the song");
  assert.equal(countsOf({...SONG, count: 60, compared: 50, wrong: 0, beyond: 10}),
    "60 notes · all as in the song · 10 after the end of the song");
  assert.match(countsOf({...SONG, follows: false}), /^31 notes · the seed is not in the song/);
  assert.equal(countsOf({...SONG, count: 0}), "nothing written yet");
});

test("of several texts, what is held against the song is the last one", () => {
  assert.equal(countsOf({...SONG, count: 62, wrong: 0, texts: 2}), "62 notes · 2 texts · the last one: all as in the song");
  assert.equal(countsOf({...SONG, count: 60, compared: 0, texts: 2}), "60 notes · 2 texts");
  assert.equal(countsOf({...SONG, count: 0, compared: 1, wrong: 1, first: 1, ended: true}),
    "0 notes · 1 differs from the song: note 1 · the network ended the text itself");
});

test("the boundary token that closes a text is no note", () => {
  assert.deepEqual([countOfText([9, 1, 2, 3, 9], 2, 9), countOfText([9, 1, 2, 3], 2, 9)], [2, 2]);
  assert.deepEqual([countOfText([9], 1, 9), countOfText([1, 2, 3], 2, null)], [0, 1]);
});

test("the counts of a text have its mean surprise", () => {
  const text = {isNotes: false, hasSong: false, count: 40, bits: 1.234, ended: true};
  assert.equal(countsOf(text), "40 tokens · mean surprise 1.23 bits · the network ended the text itself");
  assert.equal(countsOf({...text, texts: 10}), "40 tokens · 10 texts · mean surprise 1.23 bits");
});

test("the first wrong note is looked for from a place on", () => {
  const against = {isWrong: (index) => [3, 5].includes(index)};
  assert.deepEqual([firstWrong(against, 0, 9), firstWrong(against, 4, 9), firstWrong(against, 6, 9)], [3, 5, -1]);
  assert.equal(firstWrong(against, 0, 3), -1);
});

test("the page begins with a seed that all networks know, if one of them has such a seed", () => {
  const network = (tokens, seed) => ({kind: "text", tokens: [...tokens], boundary: null, settings: {seed}});
  assert.equal(commonSeed([network("abc", "cab"), network("ab", "ba")]), "ba");
  assert.equal(commonSeed([network("abc", "cab"), network("xy", "yx")]), "cab");
  assert.equal(commonSeed([network("abc", "cab"), network("abcd", "da")]), "cab");
});

test("unknown tokens are said once, or for each network if they differ", () => {
  const unknown = [{token: "h8", near: ["b8"]}];
  const sentence = "The network does not know ‘\u2068h8\u2069’ (nearest: \u2068b8\u2069).";
  assert.deepEqual(unknownOf([{name: "a", unknown}, {name: "b", unknown}]), [sentence]);
  assert.deepEqual(unknownOf([{name: "a", unknown: []}, {name: "b", unknown}]), [`b: ${sentence}`]);
  assert.deepEqual(unknownOf([{name: "a", unknown: []}, {name: "b", unknown: []}]), []);
});
