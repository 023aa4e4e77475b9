import assert from "node:assert/strict";
import {test} from "node:test";
import {Player, snapshotOf, stopOf} from "../../../rnnlab/exports/page/play.js";

const TOKENS = ["a", "b", "c", "d", "."];

// A network that can be followed by hand: its state is the sum of what it read, weighed by the network's number, and the
// likeliest next token is this sum modulo 4; "." is as likely as the sum is large.
function sourceOf({factor}) {
  let sum = 0;
  const logits = () => Float32Array.from(TOKENS, (_, id) => (id === sum % 4 ? 2 : id === 4 ? Math.min(sum / 50, 3) - 1 : 0));
  const read = (id) => { sum += (id + 1) * factor; };
  return {
    start(ids) { sum = 0; ids.forEach(read); return logits(); },
    feed(id) { read(id); return logits(); },
    saved: () => sum,
    restore(saved) { sum = saved; },
  };
}

const softmax = (logits, temperature) => {
  const weights = Float64Array.from(logits, (logit) => Math.exp(logit / temperature));
  const total = weights.reduce((one, other) => one + other);
  return weights.map((weight) => weight / total);
};

const ENGINE = {
  networkOf: (description, snapshot) => ({factor: snapshot.factor}),
  sourceOf,
  choose(logits, {temperature}, uniform) {
    if (!temperature) return logits.indexOf(Math.max(...logits));
    let sum = 0;
    return softmax(logits, temperature).findIndex((share) => { sum += share; return sum > uniform; });
  },
  probabilities: (logits, {temperature}) => softmax(logits, temperature),
  logProbability: (logits, id) => Math.log(softmax(logits, 1)[id]),
  uniforms(seed, lane) {
    let state = seed * 100 + lane + 1;
    return () => { state = (state * 16807) % 2147483647; return state / 2147483647; };
  },
};

function playerOf(settings = {}, more = {}) {
  return new Player({tokens: TOKENS, regime: "stream", window: 3, boundary: null, snapshots: [{factor: 1}],
    settings: {temperature: 1, random_seed: 7, length: 20, stop: null, ...settings}, ...more}, ENGINE);
}

// What the rule of `rnnlab generate` writes, computed without a Player.
function written(seed, count, {factor = 1, temperature = 1, lane = 0, randomSeed = 7} = {}) {
  const source = sourceOf({factor});
  const draw = ENGINE.uniforms(randomSeed, lane);
  let logits = source.start(seed);
  return Array.from({length: count}, () => {
    const id = ENGINE.choose(logits, {temperature}, draw());
    logits = source.feed(id);
    return id;
  });
}

const state = (player, wanted) => new Promise((resolve) => {
  if (player.state === wanted) resolve();
  else player.onState((now) => { if (now === wanted) resolve(); });
});

test("the kept snapshot plays, or else the last one", () => {
  assert.equal(snapshotOf({snapshots: [{epoch: 1}, {epoch: 2, kept: true}, {epoch: 3}]}).epoch, 2);
  assert.equal(snapshotOf({snapshots: [{epoch: 1}, {epoch: 3}]}).epoch, 3);
});

test("the stop token is given by id or as a token, or is the boundary", () => {
  assert.equal(stopOf({tokens: TOKENS, boundary: null, settings: {stop: 2}}), 2);
  assert.equal(stopOf({tokens: TOKENS, boundary: null, settings: {stop: "."}}), 4);
  assert.equal(stopOf({tokens: TOKENS, boundary: 4, settings: {stop: null}}), 4);
  assert.equal(stopOf({tokens: TOKENS, boundary: null, settings: {stop: null}}), -1);
});

test("single steps write what generate writes", () => {
  const player = playerOf();
  player.begin([0, 1]);
  for (let step = 0; step < 30; step += 1) player.step();
  assert.deepEqual(player.ids, [0, 1, ...written([0, 1], 30)]);
});

test("a run writes the same tokens, stops after its length, and goes on after that", async () => {
  const player = playerOf();
  player.begin([0, 1]);
  player.start();
  await state(player, "ready");
  assert.deepEqual(player.ids, [0, 1, ...written([0, 1], 20)]);
  player.start();
  await state(player, "ready");
  assert.deepEqual(player.ids, [0, 1, ...written([0, 1], 40)]);
});

test("greedy writes the likeliest", () => {
  const player = playerOf({temperature: 0});
  player.begin([2]);
  for (let step = 0; step < 5; step += 1) player.step();
  assert.deepEqual(player.ids.slice(1), written([2], 5, {temperature: 0}));
});

test("each token is told once, with its surprise and its place", () => {
  const player = playerOf();
  const told = [];
  player.onStep(({index, id}) => told.push([index, id]));
  player.begin([0, 1, 2]);
  player.step();
  assert.deepEqual(told, player.ids.map((id, index) => [index, id]));
  const share = softmax(sourceOf({factor: 1}).start([0]), 1)[1];
  assert.ok(Number.isNaN(player.bits[0]));
  assert.ok(Math.abs(player.bits[1] + Math.log2(share)) < 1e-9);
});

test("a token taken by hand uses up its random number, and writing goes on after it", () => {
  const player = playerOf();
  player.begin([0]);
  player.step();
  player.take(3);
  player.step();
  const source = sourceOf({factor: 1});
  const draw = ENGINE.uniforms(7, 0);
  const first = ENGINE.choose(source.start([0]), {temperature: 1}, draw());
  draw();
  source.feed(first);
  assert.deepEqual(player.ids, [0, first, 3, ENGINE.choose(source.feed(3), {temperature: 1}, draw())]);
});

test("a token taken in an earlier place cuts what follows; the rest is as if it had been taken at once", () => {
  const one = playerOf();
  one.begin([0]);
  for (let step = 0; step < 300; step += 1) one.step();
  const cuts = [];
  one.onCut((length) => cuts.push(length));
  one.takeAt(150, 2);
  assert.deepEqual(cuts, [150]);
  const other = playerOf();
  other.begin([0]);
  for (let step = 0; step < 149; step += 1) other.step();
  other.take(2);
  for (let step = 0; step < 100; step += 1) assert.equal(one.step(), other.step());
  assert.deepEqual(one.ids, other.ids);
  assert.deepEqual(one.logits, other.logits);
});

test("after a step back, each place has its own random number again, also with a new random seed", () => {
  const player = playerOf();
  player.begin([0]);
  for (let step = 0; step < 12; step += 1) player.step();
  player.takeAt(5, player.ids[5]);
  while (player.written < 12) player.step();
  assert.deepEqual(player.ids.slice(1), written([0], 12));
  player.set({randomSeed: 8});
  player.step();
  const source = sourceOf({factor: 1});
  const numbers = ENGINE.uniforms(8, 0);
  for (let place = 0; place < 12; place += 1) numbers();
  assert.equal(player.ids[13], ENGINE.choose(source.start(player.ids.slice(0, 13)), {temperature: 1}, numbers()));
});

test("what goes wrong in a step is told with the state, and the player can go on", () => {
  const player = playerOf();
  const told = [];
  player.onState((now, error) => told.push([now, error?.message ?? null]));
  player.begin([0]);
  const {choose} = ENGINE;
  ENGINE.choose = () => { throw new Error("no numbers"); };
  assert.equal(player.step(), -1);
  ENGINE.choose = choose;
  assert.deepEqual(told, [["ready", "no numbers"]]);
  player.step();
  assert.deepEqual(player.ids.slice(1), written([0], 1));
});

test("looking back changes nothing", () => {
  const one = playerOf();
  const other = playerOf();
  for (const player of [one, other]) {
    player.begin([0]);
    for (let step = 0; step < 200; step += 1) player.step();
  }
  const place = sourceOf({factor: 1}).start(one.ids.slice(0, 100));
  assert.deepEqual(one.logitsBefore(100), place);
  assert.equal(one.logitsBefore(0), null);
  assert.equal(one.step(), other.step());
});

test("another network continues the same seed to the same length, with the same random numbers", async () => {
  const player = playerOf();
  player.begin([0, 1]);
  for (let step = 0; step < 25; step += 1) player.step();
  player.useNetwork({factor: 3});
  while (player.written < 25) await new Promise((resolve) => { const end = player.onFrame(() => { end(); resolve(); }); });
  assert.deepEqual(player.ids, [0, 1, ...written([0, 1], 25, {factor: 3})]);
  assert.equal(player.state, "ready");
});

test("a text ends at the stop token, and the next one after the same seed has the numbers of the next lane", () => {
  const player = playerOf({stop: 4, length: 0});
  player.begin([0]);
  while (!player.ended) player.step();
  const first = player.ids;
  assert.deepEqual(first.slice(1), written([0], first.length - 1));
  assert.equal(player.state, "ended");
  player.take(1);
  assert.equal(player.ids.length, first.length);
  while (player.earlier.length < 1 || !player.ended) player.step();
  assert.deepEqual(player.earlier[0].ids, first);
  assert.deepEqual(player.ids.slice(1), written([0], player.written, {lane: 1}));
});

test("a run writes as many texts as one asks for", async () => {
  const player = playerOf({stop: 4, length: 30});
  player.set({samples: 4});
  player.begin([0]);
  player.start();
  await new Promise((resolve) => player.onState((now) => { if (now !== "running") resolve(); }));
  assert.equal(player.earlier.length, 3);
  const texts = [...player.earlier.map(({ids}) => ids), player.ids];
  texts.forEach((ids, lane) => assert.deepEqual(ids.slice(1), written([0], ids.length - 1, {lane})));
});

test("a boundary token begins a text, alone if the seed is empty; without one an empty seed writes nothing", () => {
  const lines = playerOf({}, {boundary: 4});
  lines.begin([]);
  assert.deepEqual(lines.ids, [4]);
  assert.ok(lines.canBegin);
  const text = playerOf();
  text.begin([]);
  assert.equal(text.step(), -1);
  lines.begin([], {empty: true});
  assert.deepEqual([lines.ids, lines.canBegin], [[], false]);
});

test("the first window of a stateful network is read together", () => {
  const player = playerOf({}, {regime: "stateful_windows"});
  const told = [];
  player.onStep(({index}) => told.push(index));
  player.begin([0, 1, 2, 3, 0]);
  assert.deepEqual(told, [2, 3, 4]);
  assert.deepEqual(player.bits.map(Number.isNaN), [true, true, true, false, false]);
});

test("a new random seed begins its numbers anew", () => {
  const player = playerOf();
  player.begin([0]);
  player.step();
  player.set({randomSeed: 8});
  player.restart();
  for (let step = 0; step < 10; step += 1) player.step();
  assert.deepEqual(player.ids.slice(1), written([0], 10, {randomSeed: 8}));
});
