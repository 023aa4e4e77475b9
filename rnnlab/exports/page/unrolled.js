// The network unrolled over its last time steps, as the lecture draws it: x below, the layers, y above, and the
// state on the arrows from step to step, with the values of one unit of each layer.

import {isolated} from "./seed.js";
import {drawn, made, signed, shownToken} from "./see_dom.js";
import {Pauses} from "./see_pause.js";
import {say} from "./words.js";

const STEP_WIDTH = 138;
const MOST_STEPS_DRAWN = 8;
const BOX_WIDTH = 60;
const LEFT = 26; // room for the arrow into the first step
const TOKEN_HEIGHT = 46;
const ARROW_HEIGHT = 30;
const UNROLLED_PAUSE = 60; // milliseconds between two drawings while the network runs
const UNROLLED_PAUSE_BY_COST = 6; // the pause is at least so many times as long as a drawing

/** The view of the unrolled network. */
export class UnrolledView {
  #see;
  #width = 0;
  #picture = null;
  #pictureOf = "";
  #state = "";
  #pauses;
  #expected = new Map(); // from an index to the token that is most probable after it
  #expectedOf = -1;

  constructor(see) {
    this.#see = see;
    this.#pauses = new Pauses(see, {least: UNROLLED_PAUSE, byCost: UNROLLED_PAUSE_BY_COST});
    this.title = say("see_unrolled");
    this.hint = made("p", {class: "see-hint"});
    this.frame = made("div", {class: "see-unrolled"});
    this.element = made("div", {}, this.hint, this.frame);
    new ResizeObserver(() => {
      this.#state = "";
      see.ask();
    }).observe(this.frame);
  }

  draw() {
    const see = this.#see;
    const state = [see.unitsOfLayers.join(","), see.index, see.record.version].join(" ");
    if (state === this.#state) return;
    if (this.#pauses.draw(() => this.#drawNow())) this.#state = state;
  }

  #drawNow() {
    const see = this.#see;
    const {index, description} = see;
    if (index < 0) {
      this.hint.textContent = say("see_nothing_yet");
      this.frame.replaceChildren();
      this.#pictureOf = "";
      return;
    }
    const isStream = description.regime === "stream";
    const hint = [say("see_unrolled_hint", {unit: see.unit + 1})];
    if (!isStream) hint.push(say("see_window_hint", {window: description.window}));
    this.hint.textContent = hint.join(" ");
    this.#width = this.frame.clientWidth || 320;
    const room = Math.floor((this.#width - LEFT) / STEP_WIDTH);
    const count = Math.max(2, Math.min(MOST_STEPS_DRAWN, room, isStream ? MOST_STEPS_DRAWN : description.window));
    const units = see.unitsOfLayers;
    const steps = see.again.steps(index, count, units);
    const kind = `${this.#width} ${count}`;
    if (kind !== this.#pictureOf) {
      this.#picture = new Picture(see, this.#width, count);
      this.frame.replaceChildren(this.#picture.element);
      this.#pictureOf = kind;
    }
    const expected = steps.map((step, place) => (
      isStream || place === steps.length - 1 ? this.#expectedAfter(step.index) : null
    ));
    this.#picture.fill(steps, expected);
  }

  /** Return {token, share} of the most probable token after ids[index]; null if it is not known. */
  #expectedAfter(index) {
    const see = this.#see;
    if (this.#expectedOf !== see.record.version || this.#expected.size > 500) this.#expected.clear();
    this.#expectedOf = see.record.version;
    if (!this.#expected.has(index)) {
      const logits = see.again.logits(index);
      if (!logits) return null;
      const id = logits.reduce((best, logit, each) => (logit > logits[best] ? each : best), 0);
      const share = Math.exp(see.engine.logProbability(logits, id));
      this.#expected.set(index, {token: shownToken(see.description.tokens[id], 8), share});
    }
    return this.#expected.get(index);
  }
}

let pictures = 0;

/** The picture of a number of steps; only its texts change from step to step. */
class Picture {
  #see;
  #steps = [];

  constructor(see, width, count) {
    this.#see = see;
    this.count = count;
    this.layers = see.description.layers;
    this.boxHeight = 22 + 26 * Math.max(...this.layers.map(({state}) => state.length));
    this.bottom = TOKEN_HEIGHT + ARROW_HEIGHT + this.layers.length * (this.boxHeight + ARROW_HEIGHT);
    const height = this.bottom + TOKEN_HEIGHT;
    const mark = `see-arrow-${pictures++}`;
    this.arrow = `url(#${mark})`;
    const head = drawn("marker", {
      id: mark, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse",
    }, drawn("path", {d: "M0 0.5L8 4L0 7.5z"}));
    this.stepWidth = (width - LEFT) / count;
    this.name = drawn("title");
    this.element = drawn("svg", {
      viewBox: `0 0 ${width} ${height}`, width, height, role: "img", class: "see-drawing",
    }, this.name, drawn("defs", {}, head));
    for (let place = 0; place < count; place++) this.#steps.push(this.#step(LEFT + place * this.stepWidth, place));
  }

  /** Write the tokens and values of steps; of fewer steps than there is room for, the last places stay empty. */
  fill(steps, expected) {
    const {description, again} = this.#see;
    const said = [];
    this.#steps.forEach((texts, place) => {
      const step = steps[place];
      texts.group.setAttribute("visibility", step ? "visible" : "hidden");
      if (!step) return;
      const token = shownToken(description.tokens[step.id], 8);
      texts.read.textContent = token;
      texts.number.textContent = step.index + 1;
      texts.input.textContent = encodedText(again.network.encoding.table ? again.network.encoding.vector(step.id) : []);
      const next = expected[place];
      texts.expected.textContent = next ? next.token : "";
      texts.share.textContent = next ? `${Math.round(next.share * 100)} %` : "";
      texts.up.setAttribute("visibility", next ? "inherit" : "hidden");
      const values = [];
      for (const {layer, name, texts: places} of texts.values) {
        const shown = `${name} ${signed(step.values[layer].get(name), 2)}`;
        for (const each of places) each.textContent = shown;
        values.push(this.layers.length > 1 ? `${this.layers[layer].name} ${shown}` : shown);
      }
      const then = next ? say("see_unrolled_expects", {token: isolated(next.token), share: texts.share.textContent}) : "";
      const sentence = {step: step.index + 1, token: isolated(token), values: values.join(", "), expected: then};
      said.push(say("see_unrolled_step", sentence));
    });
    this.name.textContent = said.join(" ");
  }

  #step(left, place) {
    const middle = left + BOX_WIDTH / 2;
    const right = left + this.stepWidth;
    const group = drawn("g");
    this.element.append(group);
    const up = drawn("g"); // the arrow to the expected token, and the value at it
    group.append(up);
    const text = (x, y, name, anchor = "middle", parent = group) => {
      const element = drawn("text", {x, y, class: name, "text-anchor": anchor});
      parent.append(element);
      return element;
    };
    const line = (x1, y1, x2, y2, parent = group) => parent.append(
      drawn("line", {x1, y1, x2, y2, "marker-end": this.arrow, class: "see-line-of-state"}),
    );
    const values = [];
    this.layers.forEach(({name, state}, layer) => {
      const top = this.bottom - ARROW_HEIGHT - this.boxHeight - layer * (this.boxHeight + ARROW_HEIGHT);
      group.append(drawn("rect", {
        x: left, y: top, width: BOX_WIDTH, height: this.boxHeight, rx: 6,
        class: layer === this.#see.layer ? "see-box see-box-chosen" : "see-box",
      }));
      line(middle, top + this.boxHeight + ARROW_HEIGHT - 2, middle, top + this.boxHeight + 2);
      const label = text(middle, top + this.boxHeight / 2 + 4, "see-box-name");
      label.textContent = name.length > 9 ? name.replace(/_(\d+)$/, " $1").slice(0, 9) : name;
      [...state].reverse().forEach((part, row) => {
        const y = top + 24 + row * 26;
        if (place === 0) line(left - LEFT + 4, y, left - 2, y);
        const isLast = place === this.count - 1;
        line(left + BOX_WIDTH, y, isLast ? right - 4 : right - 2, y);
        const texts = [text(left + BOX_WIDTH + (this.stepWidth - BOX_WIDTH) / 2 - 3, y - 5, "see-arrow-value")];
        const isLastLayer = layer === this.layers.length - 1;
        if (part === state[0]) texts.push(text(middle + 6, top - 9, "see-arrow-value", "start", isLastLayer ? up : group));
        values.push({layer, name: part, texts});
      });
    });
    line(middle, TOKEN_HEIGHT + ARROW_HEIGHT - 2, middle, TOKEN_HEIGHT + 4, up);
    return {
      group, values, up,
      input: text(middle + 6, this.bottom - 8, "see-arrow-value", "start"),
      read: text(middle, this.bottom + 18, "see-drawn-token"),
      number: text(middle, this.bottom + 36, "see-arrow-value"),
      expected: text(middle, 18, "see-drawn-token"),
      share: text(middle, 36, "see-arrow-value"),
    };
  }
}

/** Return an encoding of one or two numbers as text; of more numbers, nothing is shown. */
function encodedText(vector) {
  if (!vector.length || vector.length > 2) return "";
  const numbers = [...vector].map((value) => signed(value, 2).replace("+", ""));
  return numbers.length === 1 ? `x ${numbers[0]}` : `(${numbers.join(", ")})`;
}
