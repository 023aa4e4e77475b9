// The loss by epoch, on a logarithmic axis, with the place of each snapshot.

const CURVE_SPACE = "http://www.w3.org/2000/svg";
export const CURVE_MARGIN = {left: 46, right: 16, top: 24, bottom: 40}; // pixels around the plot
const CURVE_HEIGHT = 220;

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
  const high = Math.max(...all.filter((value) => value <= limit), Number.MIN_VALUE);
  const low = Math.min(...all);
  return [low < high / 3 ? 0 : low, high];
}

export function hasValidation({validation_loss: held}) {
  return (held ?? []).some((value) => value !== null && Number.isFinite(value));
}

/**
 * The chart. `draw(width)` lays it out anew; `select(number)` marks a snapshot; a click calls `onSelect(number)`.
 */
export class LossCurve {
  constructor({history, snapshots, vocabulary, words, shown, onSelect}) {
    Object.assign(this, {history, snapshots, vocabulary, words, shown});
    this.last = Math.max(history.epochs.at(-1) ?? 1, snapshots.at(-1).epoch);
    this.width = 0;
    this.selected = 0;
    this.element = this.node("svg", {class: "learn-curve", role: "img", height: CURVE_HEIGHT});
    const measured = history.loss.filter((value) => value !== null && Number.isFinite(value));
    this.element.setAttribute("aria-label", words.curve(
      shown.loss(measured[0] ?? null), shown.loss(measured.at(-1) ?? null), shown.number(history.epochs.length),
    ));
    this.element.addEventListener("click", (event) => {
      const {left} = this.element.getBoundingClientRect();
      const place = (event.clientX - left - CURVE_MARGIN.left) / this.plotWidth;
      onSelect(nearestSnapshot(snapshots, place, this.last));
    });
  }

  node(name, attributes = {}, text = null) {
    const node = document.createElementNS(CURVE_SPACE, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== null) node.textContent = text;
    return node;
  }

  get plotWidth() {
    return this.width - CURVE_MARGIN.left - CURVE_MARGIN.right;
  }

  draw(width) {
    if (width === this.width) return;
    this.width = width;
    const {left, top, bottom} = CURVE_MARGIN;
    const floor = CURVE_HEIGHT - bottom;
    const ticks = roundTicks(...lossRange(this.history, this.vocabulary), 4);
    const [low, high] = [ticks[0], ticks.at(-1)];
    this.x = (epoch) => left + placeOf(epoch, this.last) * this.plotWidth;
    this.y = (loss) => floor - (Math.min(loss, high) - low) / (high - low) * (floor - top);
    this.element.setAttribute("width", width);
    this.element.setAttribute("viewBox", `0 0 ${width} ${CURVE_HEIGHT}`);
    const parts = [];
    for (const tick of ticks) {
      parts.push(this.node("line", {class: "learn-grid", x1: left, x2: width - CURVE_MARGIN.right, y1: this.y(tick), y2: this.y(tick)}));
      parts.push(this.node("text", {class: "learn-tick", x: left - 8, y: this.y(tick) + 4, "text-anchor": "end"}, this.shown.tick(tick)));
    }
    for (const tick of logTicks(this.last, this.plotWidth)) {
      parts.push(this.node("line", {class: "learn-mark", x1: this.x(tick), x2: this.x(tick), y1: floor, y2: floor + 4}));
      parts.push(this.node("text", {class: "learn-tick", x: this.x(tick), y: floor + 17, "text-anchor": "middle"}, this.shown.number(tick)));
    }
    parts.push(this.node("text", {class: "learn-axis-name", x: width - CURVE_MARGIN.right, y: CURVE_HEIGHT - 4, "text-anchor": "end"}, this.words.epochAxis));
    parts.push(this.#curve("loss", "learn-training"));
    if (hasValidation(this.history)) parts.push(this.#curve("validation_loss", "learn-validation"));
    for (const {epoch, loss} of this.snapshots) {
      if (loss !== null) parts.push(this.node("circle", {class: "learn-dot", cx: this.x(epoch), cy: this.y(loss), r: 3}));
    }
    this.marker = this.node("g", {class: "learn-marker"});
    this.element.replaceChildren(...parts, this.marker);
    this.select(this.selected);
  }

  select(number) {
    this.selected = number;
    if (!this.width) return;
    const {epoch, loss} = this.snapshots[number];
    const x = this.x(epoch);
    const floor = CURVE_HEIGHT - CURVE_MARGIN.bottom;
    const parts = [this.node("line", {x1: x, x2: x, y1: CURVE_MARGIN.top - 18, y2: floor})];
    if (loss !== null) parts.push(this.node("circle", {cx: x, cy: this.y(loss), r: 5.5}));
    const side = x > this.width * 0.6 ? ["end", -7] : ["start", 7];
    const label = {x: x + side[1], y: CURVE_MARGIN.top - 8, "text-anchor": side[0]};
    parts.push(this.node("text", label, this.words.sliderText(this.shown.number(epoch), this.shown.loss(loss))));
    this.marker.replaceChildren(...parts);
  }

  #curve(name, style) {
    return this.node("path", {class: style, d: curvePath(this.history.epochs, this.history[name], this.x, this.y)});
  }
}
