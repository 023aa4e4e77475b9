// What a page with several networks does for all of them at once: settings, turns, and counts in words.

import {unknownWords} from "./desk.js";
import {firstSeed, Seeds} from "./seed.js";
import {say} from "./words.js";

const BETWEEN = 700; // milliseconds of silence between two networks

// All players as if they were one: what Controls needs of a player.
export class Everyone {
  #players;

  // onSet(): settings changed; onRestart(): called before the seed is read again
  constructor(players, {onSet = () => {}, onRestart = () => {}} = {}) {
    this.#players = players;
    this.onSet = onSet;
    this.onRestart = onRestart;
    this.settings = {...players[0].settings};
  }

  // Whether they write by themselves; one that writes with the music does not count.
  get running() { return this.#players.some(({running, settings}) => running && settings.rate !== "music"); }
  get ids() { return this.#players[0].ids; }

  set(changes) {
    this.settings = {...this.settings, ...changes};
    for (const player of this.#players) player.set(changes);
    this.onSet();
  }

  start() { for (const player of this.#players) player.start(); }

  stop() { for (const player of this.#players) player.stop(); }

  step() { for (const player of this.#players) player.step(); }

  restart() {
    this.onRestart();
    this.stop();
    for (const player of this.#players) player.restart();
  }
}

// The networks play one after another.
export class Turns {
  #cards;
  #place = -1;
  #pause = 0;

  // cards: objects with canPlay, play(), silence(); changed(place): whose turn it is, -1: nobody's
  constructor(cards, changed, {between = BETWEEN} = {}) {
    this.#cards = cards;
    this.changed = changed;
    this.between = between;
    this.loop = false;
  }

  get place() { return this.#place; }
  get playing() { return this.#place >= 0; }

  start() {
    this.stop();
    this.#play(this.#nextPlace(-1));
  }

  // Ends the turns, and whatever sounds.
  stop() {
    clearTimeout(this.#pause);
    const was = this.#place;
    this.#place = -1;
    for (const card of this.#cards) card.silence();
    if (was >= 0) this.changed(-1);
  }

  // A card calls it when it has played to its end.
  ended(card) {
    if (card !== this.#cards[this.#place]) return;
    let next = this.#nextPlace(this.#place);
    if (next < 0 && this.loop) next = this.#nextPlace(-1);
    if (next < 0) this.stop();
    else this.#pause = setTimeout(() => this.#play(next), this.between);
  }

  #nextPlace(after) { return this.#cards.findIndex((card, place) => place > after && card.canPlay); }

  #play(place) {
    if (place < 0) return;
    this.#place = place;
    this.changed(place);
    this.#cards[place].play();
  }
}

// Returns the seed of the first network whose seed all of them know; else that of the first network.
export function commonSeed(networks) {
  const seeds = networks.map((network) => network.settings.seed ?? firstSeed(network));
  const vocabularies = networks.map((network) => new Seeds(network));
  const isKnown = (seed) => vocabularies.every((each) => !each.parse(seed).unknown.length);
  return seeds.find(isKnown) ?? seeds[0];
}

// Returns the index of the first written token that is not in the song, or -1; from: where to begin to look.
export function firstWrong(against, from, to) {
  for (let index = from; index < to; index += 1) if (against.isWrong(index)) return index;
  return -1;
}

// Returns the number of tokens of a text after its seed, without the boundary token that closes it.
export function countOfText(ids, seedLength, boundary) {
  const count = ids.length - seedLength;
  return count > 0 && ids.at(-1) === boundary ? count - 1 : count;
}

// Returns what is said below a card. count: written tokens of all texts; beyond: those of the last text that stand
// after the end of the song; first: number of the first wrong one in the last text, from 1; texts: number of texts.
export function countsOf({isNotes, count, beyond = 0, texts = 1, hasSong, follows, wrong, compared, first, bits, ended}) {
  if (!count && !ended) return say("compare_nothing");
  const many = count === 1 ? "one" : "many";
  const words = [say(isNotes ? `compare_notes_${many}` : `compare_tokens_${many}`, {count})];
  if (texts > 1) words.push(say("compare_texts", {count: texts}));
  if (hasSong && !follows) words.push(say("off_song"));
  const held = [];
  if (hasSong && follows && compared) {
    if (!wrong) held.push(say("compare_right"));
    else held.push(say(wrong === 1 ? "compare_wrong_one" : "compare_wrong_many", {wrong, first}));
  }
  if (hasSong && follows && beyond > 0) held.push(say("compare_beyond", {count: beyond}));
  if (texts > 1 && held.length) words.push(say("compare_last", {words: held.join(" · ")}));
  else words.push(...held);
  if (!isNotes && Number.isFinite(bits)) words.push(say("mean_bits", {bits: bits.toFixed(2)}));
  if (texts === 1 && ended) words.push(say("ended"));
  return words.join(" · ");
}

// Returns the sentences on a seed that networks do not know; one for all, if they say the same.
// parsed: [{name, unknown}], unknown as Seeds.parse gives it
export function unknownOf(parsed) {
  const said = parsed.map(({unknown}) => (unknown.length ? unknownWords(unknown) : ""));
  if (said.every((words) => words === said[0])) return said[0] ? [said[0]] : [];
  return parsed.flatMap(({name}, place) => (said[place] ? [say("compare_unknown", {name, words: said[place]})] : []));
}
