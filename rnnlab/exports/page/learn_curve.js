// The loss by epoch, on a logarithmic axis, with the place of each snapshot.

import {say} from "./words.js";

const CURVE_SPACE = "http://www.w3.org/2000/svg";
export const CURVE_MARGIN = {left: 46, right: 24, top: 24, bottom: 40}; // pixels around the plot
const CURVE_HEIGHT = 220;
const LABEL_WIDTH = 165; // room for "epoch 2,000, loss 0.0299"

/** Return numbers 1, 2, 5, 10, 20 … from 1 to `last`: as many as have `room` pixels each on a line of `width`. */
export function logTicks(last, width, room = 34) {
  const decades = Math.max(Math.log10(Math.max(last, 1)), 1e-9);
  const perDecade = width / decades / room;
  const steps = perDecade >= 3.4 ? [1, 2, 5] : perDecade >= 2.1 ? [1, 3] : [1];
  const every = Math.max(1, Math.ceil(1 / perDecade));
  const ticks = [];
  for (let power = 0; 10 ** power <= last; power += every) {
    for (const step of steps) if (step * 10 ** power <= last) ticks.push(step * 10 ** power);
  }
  return ticks;
}

/** Return round numbers from below `low` to above `high`, about `count` of them. */
export function roundTicks(low, high, count) {
  const span = high - low || Math.abs(high) || 1;
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= raw * 0.999);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({length: Math.max(last, first + 1) - first + 1}, (_, place) => Number(((first + place) * step).toPrecision(12)));
}

/** Return the place of an epoch on the axis, 0 to 1, by its logarithm. */
export function placeOf(epoch, last) {
  return last > 1 ? Math.log(epoch) / Math.log(last) : 0;
}

/** Return the number of the snapshot whose place is nearest. */
export function nearestSnapshot(snapshots, place, last) {
  let best = 0;
  snapshots.forEach(({epoch}, number) => {
    const distance = (index) => Math.abs(placeOf(snapshots[index].epoch, last) - place);
    if (distance(number) < distance(best)) best = number;
  });
  return best;
}

/**
 * Return the d of a path through the measured values. Where several epochs share a column of pixels, the lowest and
 * the highest of them are drawn; an epoch that was not measured is passed over.
 */
export function curvePath(epochs, values, x, y) {
  const points = [];
  let column = null;
  const close = () => {
    if (!column) return;
    const {first, low, high, last} = column;
    for (const value of new Set([first, low, high, last])) points.push([column.x, value]);
  };
  epochs.forEach((epoch, place) => {
    const value = values[place];
    if (value === null || !Number.isFinite(value)) return;
    const at = Math.round(x(epoch) * 2) / 2;
    if (column?.x === at) {
      column = {...column, low: Math.min(column.low, value), high: Math.max(column.high, value), last: value};
    } else {
      close();
      column = {x: at, first: value, low: value, high: value, last: value};
    }
  });
  close();
  return points.map(([left, value], place) => `${place ? "L" : "M"}${left} ${y(value).toFixed(1)}`).join("");
}

/** Return the range of losses that is drawn: a few losses far above the first ones do not flatten the curve. */
export function lossRange({loss, validation_loss: held}, vocabulary) {
  const all = [...loss, ...(held ?? [])].filter((value) => value !== null && Number.isFinite(value));
  if (!all.length) return [0, 1];
  const limit = 1.5 * Math.max(Math.log(vocabulary), all[0]);
  let [low, high] = [Infinity, 0];
  for (const value of all) { // not Math.max(...all), which fails for many epochs
    low = Math.min(low, value);
    if (value <= limit) high = Math.max(high, value);
  }
  if (!high) return [0, 1];
  return [low < high / 3 ? 0 : low, high];
}

export function hasValidation({validation_loss: held}) {
  return (held ?? []).some((value) => value !== null && Number.isFinite(value));
}

/** The chart. `draw(width)` lays it out, `select(number)` marks a snapshot, a click calls `onSelect(number)`. */
export class LossCurve {
  constructor({history, snapshots, vocabulary, onSelect}) {
    Object.assign(this, {history, snapshots, vocabulary});
    this.last = lastEpoch(history, snapshots);
    this.width = 0;
    this.selected = 0;
    this.element = curveNode("svg", {class: "learn-curve", role: "img", height: CURVE_HEIGHT});
    this.element.addEventListener("click", (event) => {
      const {left} = this.element.getBoundingClientRect();
      const place = (event.clientX - left - CURVE_MARGIN.left) / this.plotWidth;
      onSelect(nearestSnapshot(snapshots, place, this.last));
    });
  }

  get plotWidth() {
    return this.width - CURVE_MARGIN.left - CURVE_MARGIN.right;
  }

  /** Lay the chart out for a width in pixels, with the words of the present language. */
  draw(width = this.width) {
    if (!width) return;
    this.width = width;
    const {history, snapshots, last} = this;
    const floor = CURVE_HEIGHT - CURVE_MARGIN.bottom;
    const ticks = roundTicks(...lossRange(history, this.vocabulary), 4);
    const [low, high] = [ticks[0], ticks.at(-1)];
    this.x = (epoch) => CURVE_MARGIN.left + placeOf(epoch, last) * this.plotWidth;
    this.y = (loss) => floor - (Math.min(loss, high) - low) / (high - low) * (floor - CURVE_MARGIN.top);
    this.element.setAttribute("width", width);
    this.element.setAttribute("viewBox", `0 0 ${width} ${CURVE_HEIGHT}`);
    this.element.setAttribute("aria-label", this.#summary());
    const dots = snapshots.filter(({loss}) => loss !== null).map(({epoch, loss}) => (
      curveNode("circle", {class: "learn-dot", cx: this.x(epoch), cy: this.y(loss), r: 3})
    ));
    this.marker = curveNode("g", {class: "learn-marker"});
    this.element.replaceChildren(
      ...ticks.flatMap((tick) => this.#lossTick(tick)),
      ...logTicks(last, this.plotWidth).flatMap((tick) => this.#epochTick(tick, floor)),
      curveNode("text", {x: width - CURVE_MARGIN.right, y: CURVE_HEIGHT - 4, "text-anchor": "end"}, say("learn_axis_epochs")),
      this.#line("loss", "learn-training"),
      ...(hasValidation(history) ? [this.#line("validation_loss", "learn-validation")] : []),
      ...dots,
      this.marker,
    );
    this.select(this.selected);
  }

  select(number) {
    this.selected = number;
    if (!this.width) return;
    const {epoch, loss} = this.snapshots[number];
    const x = this.x(epoch);
    const line = {x1: x, x2: x, y1: CURVE_MARGIN.top - 18, y2: CURVE_HEIGHT - CURVE_MARGIN.bottom};
    const isRight = x > this.width - LABEL_WIDTH; // the label then stands on the left of the mark
    const label = {x: x + (isRight ? -7 : 7), y: CURVE_MARGIN.top - 8, "text-anchor": isRight ? "end" : "start"};
    this.marker.replaceChildren(
      curveNode("line", line),
      ...(loss === null ? [] : [curveNode("circle", {cx: x, cy: this.y(loss), r: 5.5})]),
      curveNode("text", label, say("learn_value", {epoch, loss: lossShown(loss)})),
    );
  }

  #summary() {
    const measured = this.history.loss.filter((value) => value !== null);
    const [first, last] = [measured[0] ?? null, measured.at(-1) ?? null].map(lossShown);
    return say("learn_curve", {epochs: this.history.epochs.length, first, last});
  }

  #lossTick(tick) {
    const y = this.y(tick);
    return [
      curveNode("line", {class: "learn-grid", x1: CURVE_MARGIN.left, x2: this.width - CURVE_MARGIN.right, y1: y, y2: y}),
      curveNode("text", {x: CURVE_MARGIN.left - 10, y: y + 4, "text-anchor": "end"}, tick.toLocaleString("en")),
    ];
  }

  #epochTick(tick, floor) {
    const x = this.x(tick);
    return [
      curveNode("line", {class: "learn-mark", x1: x, x2: x, y1: floor, y2: floor + 4}),
      curveNode("text", {x, y: floor + 18, "text-anchor": "middle"}, tick.toLocaleString("en")),
    ];
  }

  #line(name, style) {
    return curveNode("path", {class: style, d: curvePath(this.history.epochs, this.history[name], this.x, this.y)});
  }
}

/** Return the number of the last epoch, of the history or of a snapshot. */
export function lastEpoch(history, snapshots) {
  return Math.max(history.epochs.at(-1) ?? 1, snapshots.at(-1).epoch);
}

/** Return a loss with three digits; a small one with two, and with a power of ten. */
export function lossShown(loss) {
  if (loss === null || !Number.isFinite(loss)) return say("learn_unmeasured");
  if (loss > 0 && loss < 0.001) return loss.toExponential(1);
  return loss.toLocaleString("en", {maximumSignificantDigits: 3});
}

/** Return a new element of a drawing. */
export function curveNode(name, attributes = {}, text = null) {
  const node = document.createElementNS(CURVE_SPACE, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== null) node.textContent = text;
  return node;
}
