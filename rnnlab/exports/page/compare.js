// Several networks on one page: one panel for all of them, a card for each, and below the cards all of each network,
// which is made when it is opened for the first time, and does nothing while it is closed.

import {Speaker} from "./audio.js";
import {Card} from "./compare_card.js";
import {commonSeed, Everyone, Turns, unknownOf} from "./compare_parts.js";
import {COMPARE_WORDS} from "./compare_words.js";
import {Controls} from "./controls.js";
import {legendOf, setText} from "./desk.js";
import {addWords, onLanguage, relabel, say, spokenLanguage} from "./words.js";

const SPEED = {notes: "10", text: "40"}; // tokens a second, to begin with
const MOST_COPIED = 2000; // tokens that are read again when all of a network is opened

addWords(COMPARE_WORDS);

export class Comparison {
  #parts = {};
  #place;
  #controls;
  #everyone;
  #turns;
  #speaker = new Speaker();
  #wholes = []; // {details, page}, in the order of the cards; page: null before the first opening
  #openPage;
  #labelPage;
  #wasRunning = false;
  #passes = false; // whether settings are on their way to the networks that are opened
  #said = ""; // what stands below the seed

  // networks: as in the data; place: the element to write into; settings: of a link;
  // openPage(description, root, place, settings), labelPage(page): of start.js
  constructor({networks, engine, place, settings, openPage, labelPage}) {
    this.#place = document.getElementById("several").content.cloneNode(true).firstElementChild;
    place.append(this.#place);
    document.body.classList.add("of-several");
    for (const element of this.#place.querySelectorAll("[data-part]")) this.#parts[element.dataset.part] = element;
    this.isNotes = networks[0].kind === "notes";
    this.#openPage = openPage;
    this.#labelPage = labelPage;
    this.cards = networks.map((description, index) => this.#card(description, index, engine));
    for (const {player} of this.cards) player.company = this.cards.length;
    this.#alignRolls();
    this.#turns = new Turns(this.cards, (index) => this.#turned(index));
    this.#everyone = new Everyone(this.cards.map(({player}) => player), {
      onSet: () => this.#passOn(),
      onRestart: () => {
        this.#turns.stop();
        for (const page of this.#openPages) page.player.restart();
      },
    });
    this.#buildControls(networks[0]);
    this.#wholes = networks.map((_, index) => this.#whole(index));
    this.#bind();
    this.apply({speed: SPEED[networks[0].kind], seed: commonSeed(networks), ...settings});
    onLanguage(() => this.#relabel());
    this.#relabel();
  }

  // The settings of all networks as a link holds them.
  get settings() { return {seed: this.#parts.seed.value, ...this.#controls.settings, language: spokenLanguage()}; }

  // What all networks wrote, as one text.
  get writtenText() {
    return this.cards.map(({name, text}) => `${say("compare_file_line", {name})}\n${text}\n`).join("\n");
  }

  // Puts settings of a link into the controls, and reads the seed.
  apply(settings) {
    this.#controls.apply(settings);
    if (settings.seed !== undefined) this.#parts.seed.value = settings.seed;
    this.#readSeed();
  }

  #card(description, index, engine) {
    const element = document.getElementById("contender").content.cloneNode(true).firstElementChild;
    const heading = element.querySelector("h2");
    heading.id = `contender-${index}`;
    element.setAttribute("aria-labelledby", heading.id);
    this.#parts.contenders.append(element);
    return new Card({
      description, engine, element,
      speaker: this.#speaker,
      usual: () => ({rate: this.#everyone.settings.rate, length: this.#everyone.settings.length}),
      onState: () => this.#changed(),
      onEnd: (card) => this.#turns.ended(card),
      onListen: (card, from) => this.#listen(card, from),
    });
  }

  #alignRolls() { // the same pitches on every card
    const rolls = this.cards.flatMap(({notes}) => notes ?? []);
    const low = Math.min(...rolls.map((roll) => roll.low));
    const high = Math.max(...rolls.map((roll) => roll.high));
    for (const roll of rolls) Object.assign(roll, {low, high});
  }

  // The controls are those of one network, which stands for all; its speeds are those of a text, without music.
  #buildControls(description) {
    const comparison = this;
    const {performer} = this.cards[0];
    const desk = {
      isNotes: this.isNotes,
      speaker: this.#speaker,
      get settings() { return comparison.settings; },
      get writtenText() { return comparison.writtenText; },
      performer: {
        get tempo() { return performer.tempo; },
        set tempo(tempo) { for (const card of comparison.cards) card.performer.tempo = tempo; },
        get loop() { return comparison.#turns.loop; },
        set loop(loop) { comparison.#turns.loop = loop; },
        play() {},
        stop() {},
      },
    };
    const name = this.cards.map((card) => card.name).join("-");
    const page = {player: this.#everyone, description: {...description, kind: "text", name}};
    this.#controls = new Controls(page, this.#parts, desk);
    this.#parts.sound.hidden = this.#parts.turns.hidden = !this.isNotes;
  }

  #bind() {
    const parts = this.#parts;
    parts.seed.addEventListener("input", () => this.#readSeed());
    parts.start.addEventListener("click", () => this.#toggle());
    parts.step.addEventListener("click", () => {
      this.#turns.stop();
      this.#everyone.step();
    });
    parts.restart.addEventListener("click", () => this.#everyone.restart());
    parts.turns.addEventListener("click", () => this.#toggleTurns());
  }

  #toggle() {
    if (this.#everyone.running) {
      this.#everyone.stop();
      return;
    }
    this.#turns.stop();
    this.#everyone.start();
  }

  #toggleTurns() {
    if (this.#turns.playing) return this.#turns.stop();
    const {settings, running} = this.#everyone;
    if (running && !settings.length) this.#everyone.stop();
    else if (running) this.#hurry();
    this.#turns.start();
  }

  #hurry() { // what is being written is ended before it sounds
    for (const {player} of this.cards) {
      if (!player.running) continue;
      player.set({rate: Infinity});
      const end = player.onState(() => {
        player.set({rate: this.#everyone.settings.rate});
        end();
      });
    }
  }

  #listen(card, from) {
    const ends = card.performer.playing && from === undefined;
    this.#turns.stop();
    if (ends) return;
    this.#hushPages();
    card.play(from);
  }

  #readSeed() {
    const {seed, problem} = this.#parts;
    const parsed = this.cards.map((card) => ({name: card.name, ...card.parse(seed.value)}));
    this.#turns.stop();
    this.cards.forEach((card, index) => card.begin(parsed[index]));
    for (const page of this.#openPages) page.desk.apply({seed: seed.value});
    this.#sayProblem(parsed);
    seed.setAttribute("aria-invalid", String(Boolean(problem.childElementCount)));
    this.#changed();
  }

  #sayProblem(parsed) {
    const sentences = unknownOf(parsed);
    const nothing = !sentences.length && this.cards.every(({player}) => !player.canBegin);
    if (nothing) sentences.push(say("seed_empty"));
    const {problem} = this.#parts;
    if (this.#said === sentences.join("\n")) return;
    this.#said = sentences.join("\n");
    problem.replaceChildren(...sentences.map((words) => {
      const line = document.createElement("p");
      line.textContent = words;
      return line;
    }));
  }

  get #openPages() { return this.#wholes.flatMap(({details, page}) => (details.open && page ? page : [])); }

  #passOn() { // the settings of all go to the networks that are opened, too
    if (this.#passes || !this.#openPages.length) return;
    this.#passes = true;
    requestAnimationFrame(() => {
      this.#passes = false;
      const {speed, ...settings} = this.#controls.settings;
      for (const page of this.#openPages) page.desk.apply(settings, {again: false});
    });
  }

  #hushPages() {
    for (const page of this.#openPages) {
      page.player.stop();
      page.desk.performer.stop();
    }
  }

  #turned(index) {
    this.#changed();
    if (index < 0) return;
    this.#hushPages();
    this.cards[index].element.scrollIntoView({block: "nearest", behavior: "instant"});
    setText(this.#parts.said, `${say("compare_now")}: ${this.cards[index].name}`);
  }

  #changed() {
    if (!this.#controls) return;
    const {start, step, turns, restart} = this.#parts;
    const {running} = this.#everyone;
    const canBegin = this.cards.some(({player}) => player.canBegin);
    setText(start, say(running ? "compare_stop" : "compare_start"));
    start.classList.toggle("busy", running);
    setText(turns, say(this.#turns.playing ? "compare_turns_stop" : "compare_turns"));
    turns.classList.toggle("busy", this.#turns.playing);
    start.disabled = step.disabled = restart.disabled = turns.disabled = !canBegin;
    this.cards.forEach((card, index) => card.mark(card.performer.playing || this.#turns.place === index));
    if (this.#wasRunning && !running && !this.#turns.playing) requestAnimationFrame(() => this.#sayCounts());
    this.#wasRunning = running;
  }

  #sayCounts() {
    setText(this.#parts.said, this.cards.map(({name, counts}) => `${name}: ${counts}.`).join(" "));
  }

  #whole(index) {
    const card = this.cards[index];
    const details = document.createElement("details");
    const summary = document.createElement("summary");
    details.className = "whole";
    details.id = `whole-${index}`;
    details.append(summary);
    this.#parts.wholes.append(details);
    card.wholeButton.setAttribute("aria-controls", details.id);
    card.wholeButton.addEventListener("click", () => {
      details.open = !details.open;
      if (!details.open) return;
      summary.focus({preventScroll: true});
      details.scrollIntoView({block: "start", behavior: "instant"});
    });
    details.addEventListener("click", ({target}) => { // one thing sounds at a time
      if (["start", "listen"].includes(target.dataset?.part)) this.#turns.stop();
    }, true);
    const whole = {details, summary, page: null};
    details.addEventListener("toggle", () => this.#showWhole(card, whole, index));
    return whole;
  }

  #showWhole(card, whole, index) {
    const isOpen = whole.details.open;
    card.wholeButton.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) {
      whole.page.player.stop();
      whole.page.desk.performer.stop();
      return;
    }
    this.#turns.stop();
    const {language, speed, ...begin} = this.settings;
    if (whole.page) whole.page.desk.apply(begin);
    else whole.page = this.#openPage(card.description, whole.details, index, begin);
    card.page = whole.page;
    if (card.player.ids.length > MOST_COPIED) return;
    for (const id of card.player.ids.slice(card.player.seedLength)) whole.page.player.take(id); // as on the card
  }

  #keyOfNotes(hasSong) { // what the shapes on the rolls mean
    const names = hasSong ? ["seed", "note", "wrong", "playing"] : ["seed", "note", "playing"];
    return names.map((name) => {
      const entry = document.createElement("span");
      const shape = document.createElement("span");
      entry.className = "key-of-notes";
      shape.className = `shape-${name}`;
      entry.append(shape, say(`compare_key_${name}`));
      return entry;
    });
  }

  #relabel() {
    const parts = this.#parts;
    const hasSong = this.cards.some((card) => card.hasSong);
    relabel(this.#place);
    const kind = !this.isNotes ? "text" : hasSong ? "song" : "notes";
    setText(parts.lede, say(`compare_lede_${kind}`));
    setText(parts.try, say(`compare_try_${kind}`));
    setText(parts.hint, say("compare_seed_hint"));
    setText(parts.more_summary, say(this.isNotes ? "compare_more_sound" : "compare_more"));
    parts.legend.replaceChildren(...(this.isNotes ? this.#keyOfNotes(hasSong) : legendOf(hasSong)));
    this.#controls.relabel();
    for (const card of this.cards) card.relabel();
    this.#wholes.forEach(({summary, page}, index) => {
      setText(summary, say("compare_whole_title", {name: this.cards[index].name}));
      if (page) this.#labelPage(page);
    });
    this.#sayProblem(this.cards.map((card) => ({name: card.name, ...card.parse(parts.seed.value)})));
    this.#changed();
  }
}
