// The equation of the chosen unit with the numbers of the chosen step, line by line, as on a slide.

import {equationLines} from "./see_numbers.js";
import {made, minus, symbolNodes} from "./see_dom.js";
import {Pauses} from "./see_pause.js";
import {say} from "./words.js";

const EQUATION_PAUSE = 120; // milliseconds between two drawings while the network runs

/** The view of the equation. */
export class EquationView {
  #see;
  #layer = -1;
  #rows = [];
  #pauses;
  #state = "";

  constructor(see) {
    this.#see = see;
    this.#pauses = new Pauses(see, {least: EQUATION_PAUSE});
    this.title = say("see_equation");
    this.hint = made("p", {class: "see-hint"});
    this.list = made("ol", {class: "see-equation", role: "list"});
    this.element = made("div", {}, this.hint, this.list);
  }

  draw() {
    const see = this.#see;
    const state = [see.layer, see.unit, see.index, see.record.version].join(" ");
    if (state === this.#state) return;
    if (this.#pauses.draw(() => this.#drawNow())) this.#state = state;
  }

  #drawNow() {
    const see = this.#see;
    const {index, layer, unit} = see;
    const step = index < 0 ? null : see.again.read(index);
    this.list.hidden = !step;
    if (!step) {
      this.hint.textContent = index < 0 ? say("see_nothing_yet") : say("see_forgotten");
      return;
    }
    const [before, after] = say("see_equation_hint", {unit: unit + 1, token: "\0"}).split("\0");
    this.hint.replaceChildren(before, made("bdi", {class: "see-token"}, see.token(index)), after);
    const {shown} = see.description.layers[layer];
    const lines = equationLines(see.again.network.layers[layer], shown, step.input[layer], step.before[layer], unit);
    if (this.#layer !== layer) this.#build(lines);
    this.#layer = layer;
    lines.forEach((line, place) => this.#fill(this.#rows[place], line));
  }

  #build(lines) {
    this.#rows = lines.map((line) => {
      const numbers = made("span", {class: "see-numbers"});
      const note = made("span", {class: "see-note"});
      const symbols = line.symbols ? [" = ", ...symbolNodes(line.symbols)] : [];
      const element = made("p", {class: line.symbols ? "see-line see-line-whole" : "see-line"},
        made("span", {class: "see-symbols"}, ...symbolNodes(line.name), ...symbols), " ", numbers, note);
      return {element, numbers, note};
    });
    // A gate or a part of the state stands together with the sums that it needs.
    const groups = [[]];
    lines.forEach((line, place) => {
      groups.at(-1).push(this.#rows[place].element);
      if (line.symbols) groups.push([]);
    });
    this.list.replaceChildren(...groups.filter((group) => group.length).map((group) => made("li", {}, ...group)));
  }

  #fill({numbers, note}, line) {
    const value = made("span", {class: "see-result"}, "≈ ", made("b", {}, minus(line.value.toFixed(4))));
    numbers.replaceChildren("= ", minus(line.numbers), " ", value);
    const said = line.others ? say("see_others_added_up", {count: line.others})
      : line.values ? say("see_mean_and_deviation", {count: line.values}) : "";
    if (note.textContent !== said) note.textContent = said;
  }
}
