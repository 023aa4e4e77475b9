// What happens inside the network at each step: gates and states, one unit along the text, the equation with numbers,
// the unrolled network, and which earlier tokens counted. Each view is closed at first, and a closed view computes
// and draws nothing; only the values of the last steps are kept.

import {EquationView} from "./equation_view.js";
import {HeatMaps} from "./heat_map.js";
import {InfluenceView} from "./influence.js";
import {Again} from "./see_again.js";
import {isolated} from "./seed.js";
import {made, shownToken} from "./see_dom.js";
import {StepRecord} from "./see_record.js";
import {SEE_WORDS} from "./see_words.js";
import {UnitView} from "./unit_view.js";
import {UnrolledView} from "./unrolled.js";
import {addWords, onLanguage, say} from "./words.js";

const STEPS_BEFORE_CHOICE = 12; // steps after which the unit that varies most is chosen
const TIMES_COST = 2; // a pause is at least so many times as long as the drawing before it
const CALM_PAUSE = 250; // milliseconds between two drawings where motion is to be reduced
const OUTPUT_OF_MLP = [{name: "h", symbol: "h", range: null}];

/** Build the part of a page that shows the inside of its network, in `page.places.see`. */
export function seeing(page) {
  addWords(SEE_WORDS);
  page.see = new See(page);
}

/** Return the name of a gate or of a part of the state in words. */
export function partTitle(part, isRecurrent) {
  if (!isRecurrent) return say("see_activation");
  if (part.name === "candidate") return say("see_candidate", {symbol: part.symbol});
  const key = `see_part_${part.name}`;
  if (Object.hasOwn(SEE_WORDS.en, key)) return say(key);
  return say(part.range ? "see_gate" : "see_state", {symbol: part.symbol});
}

/**
 * The inside of one network. Its views share what is chosen: `layer`, `unit`, and `index`, the step (the last one
 * until another is chosen). They call select({layer, unit, index}) to change it.
 */
class See {
  #place;
  #units; // the chosen unit of each layer
  #isChosen = false; // whether the unit was chosen by hand, or once by its values
  #pinned = null; // the chosen step; null: the last one
  #asked = false;
  #drawnAt = 0;
  #cost = 0; // of the last drawing, milliseconds
  #timer = 0;
  #views = [];
  #controls = {};

  constructor(page) {
    const {player} = page;
    this.player = player;
    this.engine = page.engine;
    this.description = page.description;
    this.layer = player.network.layers.length - 1;
    this.#place = page.places.see;
    this.#units = player.network.layers.map(() => 0);
    this.#begin();
    this.#build();
    onLanguage(() => this.#build());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      for (const view of this.#views) view.renew?.();
    });
    player.onStep(({index}) => this.#step(index));
    player.onCut((length) => this.#cut(length));
    player.onFrame(() => this.draw());
    if (player.canBegin && !player.written) player.restart(); // the seed is read again, and told to this part too
  }

  get isRecurrent() { return !this.description.activation; }
  get units() { return this.description.layers[this.layer].units; }
  get unit() { return this.#units[this.layer]; }
  get unitsOfLayers() { return this.#units; }
  get index() { return this.#pinned ?? this.record.end - 1; }
  get isPinned() { return this.#pinned !== null; }
  get parts() { return this.isRecurrent ? this.description.layers[this.layer].shown.parts : OUTPUT_OF_MLP; }

  title(part) { return partTitle(part, this.isRecurrent); }

  /** Return the token that the network read at a step, with visible signs. */
  token(index) {
    const id = this.player.ids[index];
    return id === undefined ? "" : shownToken(this.description.tokens[id]);
  }

  stepWords(index) { return say("see_at_step", {step: index + 1, token: isolated(this.token(index))}); }

  /** Choose a layer, a unit of the layer or a step; an index of null is the last step, whatever it is. */
  select({layer = this.layer, unit, index}) {
    this.layer = layer;
    if (unit !== undefined) {
      this.#units[layer] = Math.max(0, Math.min(this.units - 1, unit));
      this.#isChosen = true;
    }
    if (index !== undefined) this.#pinned = index === null || index >= this.record.end - 1 ? null : index;
    if (this.#pinned !== null && !this.record.has(this.#pinned)) this.#pinned = null;
    this.ask();
  }

  /** Draw all open views at the next frame. */
  ask() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => this.draw());
  }

  /** Say a text to a screen reader. */
  announce(text) { this.#controls.said.textContent = text; }

  /** Say which step and unit are chosen, and the value of one part there. */
  announceValue(part) {
    const value = this.record.value(this.layer, part.name, this.index, this.unit);
    const place = `${say("see_unit")} ${this.unit + 1}, ${this.stepWords(this.index)}`;
    this.announce(`${place}: ${part.symbol} ${value.toFixed(3)}`);
  }

  draw() {
    this.#asked = false;
    const open = this.#views.filter((view) => view.details.open);
    this.#controls.bar.hidden = !open.length;
    if (!open.length || this.#isTooEarly()) return;
    const begin = performance.now();
    this.#chooseUnit();
    this.#drawControls();
    for (const view of open) view.draw();
    this.#drawnAt = performance.now();
    this.#cost = this.#drawnAt - begin;
  }

  /** Whether to draw later, so that most of the time is left to the network that runs, or to calm eyes. */
  #isTooEarly() {
    if (!this.player.running) return false;
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const wait = this.#drawnAt + (isCalm ? CALM_PAUSE : TIMES_COST * this.#cost) - performance.now();
    if (wait <= 0) return false;
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.ask();
    }, wait);
    return true;
  }

  #begin() {
    this.record = new StepRecord(this.player.network.layers);
    this.again = new Again(this.engine, this.player, this.record);
    this.forInfluence = new Again(this.engine, this.player, this.record);
  }

  #step(index) {
    this.record.push(index);
    if (this.player.running) this.#pinned = null;
  }

  #cut(length) {
    if (this.record.layers !== this.player.network.layers) {
      const {version} = this.record;
      this.#begin();
      this.record.version = version + 1;
    } else this.record.cut(length);
    if (this.#pinned !== null && this.#pinned >= length) this.#pinned = null;
    this.ask();
  }

  #chooseUnit() {
    if (this.#isChosen || this.record.end < STEPS_BEFORE_CHOICE) return;
    this.#isChosen = true;
    this.#units = this.#units.map((_, layer) => this.record.mostVarying(layer, "h", 1)[0]);
  }

  /** Build all views; after a change of the language anew, with those open that were open. */
  #build() {
    const wasOpen = this.#views.map((view) => view.details.open);
    this.#views = [new HeatMaps(this), new UnitView(this)];
    if (this.isRecurrent) this.#views.push(new EquationView(this), new UnrolledView(this));
    this.#views.push(new InfluenceView(this));
    this.#views.forEach((view, place) => {
      view.details = made("details", {class: "see-view", open: wasOpen[place] ?? false, ontoggle: () => this.ask()},
        made("summary", {}, view.title), view.element);
    });
    this.#place.setAttribute("role", "region");
    this.#place.setAttribute("aria-label", say("see_inside"));
    this.#place.replaceChildren(
      made("h3", {}, say("see_inside")), made("p", {class: "see-hint"}, say("see_inside_hint")), this.#bar(),
      ...this.#views.map((view) => view.details),
    );
    this.ask();
  }

  #bar() {
    const step = (change) => () => this.select({unit: (this.unit + change + this.units) % this.units});
    const layer = made("select", {onchange: () => this.select({layer: layer.selectedIndex})},
      ...this.description.layers.map(({name, units}) => made("option", {}, `${name} · ${units}`)));
    const unit = made("input", {
      type: "number", min: 1, max: this.units, inputmode: "numeric",
      onchange: () => this.select({unit: Math.round(unit.value) - 1 || 0}),
    });
    const latest = made("button", {type: "button", onclick: () => this.select({index: null})}, say("see_latest"));
    const place = made("bdi", {class: "see-place"});
    const said = made("span", {class: "see-unseen", role: "status"});
    const bar = made("div", {class: "see-bar", hidden: true},
      made("label", {hidden: this.description.layers.length < 2}, say("see_layer"), " ", layer),
      made("span", {class: "see-stepper"},
        made("button", {type: "button", "aria-label": say("see_previous_unit"), onclick: step(-1)}, "−"),
        made("label", {}, say("see_unit"), " ", unit),
        made("button", {type: "button", "aria-label": say("see_next_unit"), onclick: step(1)}, "+")),
      latest, place, said);
    this.#controls = {bar, layer, unit, latest, place, said};
    return bar;
  }

  #drawControls() {
    const {layer, unit, latest, place} = this.#controls;
    layer.selectedIndex = this.layer;
    unit.max = this.units;
    if (document.activeElement !== unit) unit.value = this.unit + 1;
    latest.disabled = !this.isPinned;
    place.textContent = this.index < 0 ? say("see_nothing_yet") : this.stepWords(this.index);
  }
}
