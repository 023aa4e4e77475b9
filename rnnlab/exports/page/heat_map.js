// Heat maps of a layer: one for each gate and each part of the state, a row for each unit, a column for each of
// the last steps. A canvas has one pixel for each value; of a new step, only its column is drawn.

import {made, minus, signed} from "./see_dom.js";
import {say} from "./words.js";

const MOST_COLUMNS = 60;
const CHARACTER = 6.2; // pixels of a character below the columns
const UPRIGHT = 13; // pixels of a column whose token is written upwards
const LONGEST_LABEL = 6;
const SHADES = 256;
const TIMES_MEAN = 4; // a scale is at most so many times the mean size of the values
const LIMITS = [1, 1.5, 2, 3, 4, 5, 7.5]; // of a scale, times a power of ten

/** The view with all heat maps of the chosen layer. */
export class HeatMaps {
  #see;
  #maps = [];
  #layer = -1;
  #ramp = null;

  constructor(see) {
    this.#see = see;
    this.title = say("see_maps");
    this.grid = made("div", {class: "see-maps"});
    this.element = made("div", {}, made("p", {class: "see-hint"}, say("see_maps_hint")), this.grid);
    new ResizeObserver(() => this.renew()).observe(this.grid);
  }

  draw() {
    if (this.#layer !== this.#see.layer) {
      this.#layer = this.#see.layer;
      this.#maps = this.#see.parts.map((part) => new HeatMap(this.#see, part));
      this.grid.replaceChildren(...this.#maps.map((map) => map.element));
      this.grid.style.setProperty("--see-columns", this.#maps.length === 4 ? 2 : Math.min(3, this.#maps.length));
    }
    this.#ramp ??= rampOf(this.grid);
    for (const map of this.#maps) map.draw(this.#ramp, this.#maps[0]);
  }

  /** Draw all anew at the next frame, in the colours of the present scheme and for the present width. */
  renew() {
    this.#ramp = null;
    for (const map of this.#maps) map.isVoid = true;
    this.#see.ask();
  }
}

/** One heat map. */
class HeatMap {
  #see;
  #part;
  #width = 0; // of the map, pixels of the page
  #columns = 0;
  #end = 0; // index after that of the last drawn step
  #version = -1;
  #scale = 1;
  #largest = 0; // value of a part without limits
  #hovered = null;
  #style = null; // of the tokens below the columns

  constructor(see, part) {
    this.#see = see;
    this.#part = part;
    this.isVoid = true;
    const title = see.title(part);
    this.canvas = made("canvas", {class: "see-cells", "aria-hidden": "true"});
    this.labels = made("canvas", {class: "see-labels", "aria-hidden": "true"});
    this.row = made("span", {class: "see-row"});
    this.column = made("span", {class: "see-column"});
    this.value = made("span", {class: "see-value"});
    this.low = made("span");
    this.high = made("span");
    this.frame = made("div", {
      class: "see-frame",
      tabindex: 0,
      role: "application",
      "aria-roledescription": say("see_heat_map"),
      "aria-label": say("see_map_label", {part: title, units: see.units}),
      onkeydown: (event) => this.#key(event),
      onpointermove: (event) => this.#hover(this.#at(event)),
      onpointerleave: () => this.#hover(null),
      onclick: (event) => {
        this.#hovered = null;
        see.select(this.#at(event));
      },
    }, this.canvas, this.row, this.column);
    const ramp = made("span", {class: part.range?.[0] === 0 ? "see-ramp see-ramp-gate" : "see-ramp"});
    this.element = made("figure", {class: "see-map"},
      made("figcaption", {}, made("span", {}, title), this.value),
      this.frame, this.labels,
      made("div", {class: "see-key"}, this.low, ramp, this.high));
  }

  /** Draw what is new; the tokens are drawn by the first map, and copied by the others. */
  draw(ramp, first) {
    const {record} = this.#see;
    if (this.isVoid) this.#measure();
    const isNew = this.isVoid || this.#version !== record.version || record.end - this.#end >= this.#columns;
    const count = isNew ? this.#columns : record.end - this.#end;
    if (isNew) this.#scale = this.#part.range ? 1 : 0;
    if (isNew) this.#largest = 0;
    const isWider = this.#widen(record.end - count);
    if (count || isWider) this.#drawColumns(isNew || isWider ? this.#columns : count, ramp);
    this.#end = record.end;
    this.#version = record.version;
    if (count || isWider) this.#drawLabels(first);
    this.#drawCross();
    this.isVoid = false;
  }

  /** Fit columns and rows into the width of the page. */
  #measure() {
    const {tokens} = this.#see.description;
    const lengths = tokens.map((token) => Array.from(token).length).sort((a, b) => a - b);
    this.label = Math.min(LONGEST_LABEL, lengths[Math.floor(lengths.length * 0.95)]); // almost all tokens fit
    this.isUpright = this.label > 2;
    this.#width = this.frame.clientWidth || 320;
    const cell = this.isUpright ? UPRIGHT : this.label * CHARACTER + 2.8;
    this.#columns = Math.max(8, Math.min(MOST_COLUMNS, Math.floor(this.#width / cell)));
    const {units} = this.#see;
    const height = units * Math.max(1, Math.min(12, Math.floor(288 / units)));
    this.canvas.width = this.#columns;
    this.canvas.height = units;
    this.canvas.style.height = `${Math.min(512, height)}px`;
    this.low.textContent = "";
  }

  /**
   * Make the scale so wide that it suits the steps from an index on; return whether it has changed. A few values
   * that are much larger than the others have the full colour, so that the others can be told apart.
   */
  #widen(begin) {
    if (this.#part.range) {
      this.#drawKey(...this.#part.range.map((limit) => minus(String(limit))));
      return false;
    }
    const {record, layer} = this.#see;
    let largest = 0;
    let sum = 0;
    let count = 0;
    for (let index = Math.max(0, begin); index < record.end; index++) {
      for (const value of record.values(layer, this.#part.name, index) ?? []) {
        largest = Math.max(largest, Math.abs(value));
        sum += Math.abs(value);
        count += 1;
      }
    }
    this.#largest = Math.max(this.#largest, largest);
    const wanted = Math.max(this.#scale, limitAbove(Math.min(largest, TIMES_MEAN * sum / Math.max(count, 1))));
    const isWider = wanted !== this.#scale;
    this.#scale = wanted;
    const isCut = this.#largest > wanted;
    this.#drawKey(`${isCut ? "≤ " : ""}−${wanted}`, `${isCut ? "≥ " : ""}${wanted}`);
    return isWider;
  }

  #drawKey(low, high) {
    if (this.low.textContent === low) return;
    this.low.textContent = low;
    this.high.textContent = high;
  }

  #drawColumns(count, ramp) {
    const {record, layer, units} = this.#see;
    const context = this.canvas.getContext("2d");
    if (count < this.#columns) {
      context.globalCompositeOperation = "copy";
      context.drawImage(this.canvas, -count, 0);
    }
    const image = context.createImageData(count, units);
    const pixels = new Uint32Array(image.data.buffer);
    const middle = SHADES / 2;
    const factor = middle / this.#scale;
    for (let column = 0; column < count; column++) {
      const values = record.values(layer, this.#part.name, record.end - count + column);
      if (!values) continue;
      for (let unit = 0; unit < units; unit++) {
        const shade = Math.max(0, Math.min(SHADES, Math.round(middle + values[unit] * factor)));
        pixels[unit * count + column] = ramp.shades[shade];
      }
    }
    context.putImageData(image, this.#columns - count, 0);
  }

  #drawLabels(first) {
    const {labels} = this;
    const context = labels.getContext("2d");
    const ratio = globalThis.devicePixelRatio || 1;
    const width = this.#width;
    const height = this.isUpright ? Math.round(this.label * CHARACTER) + 8 : 16;
    if (labels.width !== Math.round(width * ratio) || labels.height !== Math.round(height * ratio)) {
      labels.width = Math.round(width * ratio);
      labels.height = Math.round(height * ratio);
      labels.style.height = `${height}px`;
    }
    if (first !== this && first.#width === this.#width) {
      context.globalCompositeOperation = "copy";
      context.drawImage(first.labels, 0, 0);
      return;
    }
    if (this.isVoid) this.#style = getComputedStyle(labels);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.fillStyle = this.#style.color;
    context.font = this.#style.font;
    context.textBaseline = "middle";
    context.textAlign = this.isUpright ? "right" : "center";
    const step = width / this.#columns;
    const begin = this.#see.record.end - this.#columns;
    for (let column = Math.max(0, -begin); column < this.#columns; column++) {
      const token = Array.from(this.#see.token(begin + column)).slice(0, this.label).join("");
      const x = (column + 0.5) * step;
      if (this.isUpright) {
        context.setTransform(0, -ratio, ratio, 0, x * ratio, 3 * ratio);
        context.fillText(token, 0, 0);
      } else context.fillText(token, x, height / 2);
    }
  }

  #drawCross() {
    const {record, layer, units} = this.#see;
    const {unit, index} = this.#hovered ?? this.#see;
    const first = record.end - this.#columns;
    this.row.style.top = `${unit / units * 100}%`;
    this.row.style.height = `${100 / units}%`;
    const column = index - first;
    this.column.hidden = column < 0 || index < 0;
    this.column.style.left = `${column / this.#columns * 100}%`;
    this.column.style.width = `${100 / this.#columns}%`;
    const value = record.value(layer, this.#part.name, index, unit);
    this.value.textContent = Number.isFinite(value) ? `${this.#part.symbol} = ${signed(value)}` : "";
  }

  #hover(place) {
    this.#hovered = place && this.#see.record.has(place.index) ? place : null;
    this.frame.title = this.#hovered
      ? `${say("see_unit")} ${place.unit + 1}, ${this.#see.stepWords(place.index)}`
      : "";
    this.#drawCross();
  }

  #at(event) {
    const box = this.canvas.getBoundingClientRect();
    const share = (value, count) => Math.max(0, Math.min(count - 1, Math.floor(value * count)));
    return {
      unit: share((event.clientY - box.top) / box.height, this.#see.units),
      index: this.#see.record.end - this.#columns + share((event.clientX - box.left) / box.width, this.#columns),
    };
  }

  #key(event) {
    const see = this.#see;
    const first = Math.max(see.record.begin, see.record.end - this.#columns);
    const moves = {
      ArrowUp: {unit: see.unit - 1},
      ArrowDown: {unit: see.unit + 1},
      PageUp: {unit: see.unit - 10},
      PageDown: {unit: see.unit + 10},
      ArrowLeft: {index: Math.max(first, see.index - 1)},
      ArrowRight: {index: see.index + 1},
      Home: {index: first},
      End: {index: null},
    };
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    see.select(move);
    see.announceValue(this.#part);
  }
}

/** Return the smallest limit of a scale above a value, at least 1. */
export function limitAbove(value) {
  if (!(value > 1)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [...LIMITS, 10].map((limit) => limit * power).find((limit) => limit >= value);
}

/** Return the colours of an element's ramp as pixels, from the smallest value to the largest. */
function rampOf(element) {
  const style = getComputedStyle(element);
  const colour = (name) => {
    const [, hex] = /#([0-9a-f]{6})/i.exec(style.getPropertyValue(name)) ?? [null, "888888"];
    return [0, 2, 4].map((place) => parseInt(hex.slice(place, place + 2), 16));
  };
  const [low, zero, high] = ["--see-low", "--see-zero", "--see-high"].map(colour);
  const shades = Uint32Array.from({length: SHADES + 1}, (_, shade) => {
    const share = shade / (SHADES / 2) - 1;
    const end = share < 0 ? low : high;
    const [red, green, blue] = zero.map((value, place) => Math.round(value + (end[place] - value) * Math.abs(share)));
    return (255 << 24 | blue << 16 | green << 8 | red) >>> 0;
  });
  return {shades};
}
