// The curve of the loss: its axes, its path, and the place of each snapshot.

import assert from "node:assert/strict";
import {test} from "node:test";

import {
  curvePath, hasValidation, logTicks, lossRange, nearestSnapshot, placeOf, roundTicks,
} from "../../../rnnlab/exports/page/learn_curve.js";

test("the ticks of the epochs are 1, 2, 5, 10 … as far as there is room", () => {
  assert.deepEqual(logTicks(2000, 800), [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000]);
  assert.deepEqual(logTicks(2000, 260), [1, 3, 10, 30, 100, 300, 1000]);
  assert.deepEqual(logTicks(2000, 150), [1, 10, 100, 1000]);
  assert.deepEqual(logTicks(10_000_000, 150), [1, 100, 10_000, 1_000_000]);
  assert.deepEqual(logTicks(1, 500), [1]);
});

test("the ticks of the loss are round, and hold all of it", () => {
  assert.deepEqual(roundTicks(0, 2.63, 4), [0, 1, 2, 3]);
  assert.deepEqual(roundTicks(1.2, 3.4, 4), [1, 2, 3, 4]);
  assert.deepEqual(roundTicks(0, 0.09, 4), [0, 0.025, 0.05, 0.075, 0.1]);
  assert.deepEqual(roundTicks(1, 1, 4).length > 1, true);
});

test("an epoch has its place by its logarithm", () => {
  assert.equal(placeOf(1, 100), 0);
  assert.equal(placeOf(10, 100), 0.5);
  assert.equal(placeOf(100, 100), 1);
  assert.equal(placeOf(1, 1), 0);
});

test("a place of the slider belongs to the nearest snapshot", () => {
  const snapshots = [1, 10, 100].map((epoch) => ({epoch}));

  assert.deepEqual([0, 0.2, 0.3, 0.74, 0.76, 1].map((place) => nearestSnapshot(snapshots, place, 100)), [0, 0, 1, 1, 2, 2]);
  assert.equal(nearestSnapshot(snapshots, -3, 100), 0);
});

test("the path goes through every measured epoch, and passes over the others", () => {
  const path = curvePath([1, 2, 3, 4], [5, null, NaN, 2], (epoch) => 10 * epoch, (loss) => 100 - loss);

  assert.equal(path, "M10 95.0L40 98.0");
});

test("of epochs in one column of pixels the lowest and the highest are drawn", () => {
  const path = curvePath([1, 2, 3, 4, 5], [3, 9, 1, 4, 7], (epoch) => (epoch < 5 ? 20 : 21), (loss) => loss);

  assert.equal(path, "M20 3.0L20 1.0L20 9.0L20 4.0L21 7.0");
});

test("the axis begins with 0 where the loss falls far, and leaves out what is beyond measure", () => {
  assert.deepEqual(lossRange({loss: [2.6, 1, 0.0004], validation_loss: null}, 14), [0, 2.6]);
  assert.deepEqual(lossRange({loss: [3.4, 2], validation_loss: [3.5, 2.1]}, 65), [2, 3.5]);
  assert.deepEqual(lossRange({loss: [2, 1e9, 1.5], validation_loss: null}, 10), [1.5, 2]);
  assert.deepEqual(lossRange({loss: [null], validation_loss: [null]}, 10), [0, 1]);
});

test("many epochs have a range, and so have losses that are all 0", () => {
  const loss = Array.from({length: 300_000}, (_, epoch) => 2 + 1 / (epoch + 1));
  assert.deepEqual(lossRange({loss, validation_loss: loss}, 65), [loss.at(-1), 3]);
  assert.deepEqual(lossRange({loss: [0, 0, 0], validation_loss: null}, 10), [0, 1]);
});

test("a validation curve is drawn if anything was validated", () => {
  assert.equal(hasValidation({validation_loss: [null, 2]}), true);
  assert.equal(hasValidation({validation_loss: [null, null]}), false);
  assert.equal(hasValidation({validation_loss: null}), false);
});
