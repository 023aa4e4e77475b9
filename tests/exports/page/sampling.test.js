import assert from "node:assert/strict";
import {test} from "node:test";
import {errorWords} from "../../../rnnlab/exports/page/desk.js";
import {choose, logProbability, NumbersError, probabilities} from "../../../rnnlab/exports/page/sampling.js";

const DRAWN = {temperature: 1};
const GREEDY = {temperature: 0};

test("logits without a finite best one are an error in words, drawn or greedy", () => {
  for (const logits of [[NaN, 1], [1, NaN, 2], [Infinity, 0], [-Infinity, -Infinity]]) {
    for (const settings of [DRAWN, GREEDY]) {
      const expected = {name: "NumbersError", message: /no finite logits: its training diverged/};
      assert.throws(() => choose(logits, settings, 0.5), expected);
      assert.throws(() => probabilities(logits, settings), expected);
    }
    assert.ok(Number.isNaN(logProbability(logits, 0)));
  }
});

test("a token that cannot come does no harm", () => {
  assert.equal(choose([-Infinity, 3, 1], GREEDY, 0.5), 1);
  assert.deepEqual([...probabilities([-Infinity, 3, 3], DRAWN)], [0, 0.5, 0.5]);
});

test("only logits without numbers are said to come of a training that diverged", () => {
  assert.equal(errorWords(new NumbersError()), "The network gives no numbers: its training diverged.");
  assert.equal(errorWords(new RangeError("too long")), "too long");
  assert.equal(errorWords(null), "");
});
