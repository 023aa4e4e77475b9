// Which earlier tokens counted for the next prediction: each of the last tokens is taken away in turn, and the
// network reads on (see_again.js). The work is done in short slices, and only while the network pauses.

import {isolated} from "./seed.js";
import {classOfLevel, levelOf, made, signed, shownToken} from "./see_dom.js";
import {legend, textFrame, tokenNodes} from "./unit_view.js";
import {say} from "./words.js";

const MOST_TAKEN_AWAY = 40;
const MOST_EXPLAINED = 8;
const MOST_LISTED = 5;
const QUIET = 150; // milliseconds without a new step before the work begins
const SLICE_OF_WORK = 8; // milliseconds

/** The view of the influence of earlier tokens. */
export class InfluenceView {
  #see;
  #state = "";
  #id = null; // of the explained token; null: the most probable one
  #shown = -1; // the token that is explained now
  #begin = 0;
  #values = [];
  #place = 0; // the token that the keyboard has reached
  #timer = 0;

  constructor(see) {
    this.#see = see;
    this.title = say("see_counted");
    this.explained = made("select", {onchange: () => this.#explain(this.explained.value)});
    this.note = made("span", {class: "see-note"});
    this.tokens = made("div");
    this.text = textFrame(see.description, this.tokens, {onkeydown: (event) => this.#key(event)});
    this.list = made("ol", {class: "see-strongest"});
    const hint = [say("see_counted_hint")];
    if (!see.description.frequencies) hint.push(say("see_mean_of_vocabulary"));
    this.element = made("div", {},
      made("p", {class: "see-hint"}, hint.join(" ")),
      made("div", {class: "see-choices"}, made("label", {}, say("see_explained"), " ", this.explained), this.note),
      this.text, legend(say("see_raises"), say("see_lowers")),
      made("p", {class: "see-hint"}, `${say("see_strongest")} (${say("see_nats")})`), this.list);
  }

  draw() {
    const see = this.#see;
    const state = [see.index, see.record.version, this.#id].join(" ");
    if (state === this.#state) return;
    this.#state = state;
    clearTimeout(this.#timer);
    this.note.textContent = see.index < 0 ? say("see_nothing_yet") : say("see_waits");
    this.element.classList.add("see-stale");
    if (see.index >= 0) this.#timer = setTimeout(() => this.#start(), QUIET);
  }

  #explain(value) {
    this.#id = value === "" ? null : Number(value);
    this.#see.ask();
  }

  #start() {
    const see = this.#see;
    const {index} = see;
    const found = see.again.logits(index);
    if (!found) {
      this.note.textContent = say("see_forgotten");
      return;
    }
    const logits = Float32Array.from(found);
    this.#drawExplained(logits);
    this.#begin = Math.max(0, index + 1 - MOST_TAKEN_AWAY);
    this.#values = [];
    this.#place = index;
    this.#drawText(index);
    this.note.textContent = say("see_working");
    this.element.classList.remove("see-stale");
    const work = see.forInfluence.influence(index, this.#shown, MOST_TAKEN_AWAY);
    this.#work(work, this.#state);
  }

  #work(work, state) {
    const isShown = this.details.open && this.details.isConnected;
    if (!isShown) this.#state = "";
    if (!isShown || state !== this.#state) return;
    const deadline = performance.now() + SLICE_OF_WORK;
    let isDone = false;
    while (!isDone && performance.now() < deadline) {
      const {done, value} = work.next();
      isDone = done;
      if (value) this.#values[value[0]] = value[1];
    }
    this.#drawColours();
    if (isDone) {
      this.note.textContent = "";
      this.#drawStrongest();
    } else this.#timer = setTimeout(() => this.#work(work, state), 0);
  }

  /** Write the most probable tokens into the list of tokens that can be explained. */
  #drawExplained(logits) {
    const see = this.#see;
    const {tokens} = see.description;
    const order = [...logits.keys()].sort((a, b) => logits[b] - logits[a] || a - b).slice(0, MOST_EXPLAINED);
    if (this.#id !== null && !order.includes(this.#id)) order.push(this.#id);
    this.#shown = this.#id ?? order[0];
    const percent = (id) => `${(Math.exp(see.engine.logProbability(logits, id)) * 100).toFixed(1)} %`;
    const option = (id, value, text) => made("option", {value, selected: value === (this.#id ?? "")},
      `${text} · ${percent(id)}`);
    this.explained.replaceChildren(
      option(order[0], "", say("see_most_probable", {token: isolated(shownToken(tokens[order[0]]))})),
      ...order.map((id) => option(id, id, shownToken(tokens[id]))),
    );
    this.text.setAttribute("aria-label", say("see_influence_label", {token: isolated(shownToken(tokens[this.#shown]))}));
  }

  #drawText(index) {
    const {description, player} = this.#see;
    const nodes = [];
    for (let place = this.#begin; place <= index; place++) {
      nodes.push(...tokenNodes(description, player.ids[place], {class: "see-level"}));
    }
    this.tokens.replaceChildren(...nodes);
    this.list.replaceChildren();
    this.spans = [...this.tokens.querySelectorAll(".see-level")];
  }

  #drawColours() {
    const largest = this.#values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
    this.spans.forEach((span, place) => {
      const value = this.#values[this.#begin + place] ?? NaN;
      span.className = classOfLevel(levelOf(value, largest));
      span.title = Number.isFinite(value) ? `${signed(value, 4)} ${say("see_nats")}` : "";
    });
  }

  #drawStrongest() {
    const see = this.#see;
    const places = Object.keys(this.#values).map(Number)
      .sort((a, b) => Math.abs(this.#values[b]) - Math.abs(this.#values[a]) || b - a).slice(0, MOST_LISTED);
    this.list.replaceChildren(...places.map((place) => made("li", {},
      made("bdi", {class: "see-token"}, see.token(place)), ` ${signed(this.#values[place], 4)} `,
      made("span", {class: "see-note"}, say("see_step", {step: place + 1})))));
  }

  #key(event) {
    const move = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const last = this.#begin + this.spans.length - 1;
    this.#place = Math.max(this.#begin, Math.min(last, this.#place + move));
    this.spans.forEach((span, place) => span.classList.toggle("see-marked", this.#begin + place === this.#place));
    const value = `${signed(this.#values[this.#place], 4)} ${say("see_nats")}`;
    this.#see.announce(`${this.#see.stepWords(this.#place)}: ${value}`);
  }
}
