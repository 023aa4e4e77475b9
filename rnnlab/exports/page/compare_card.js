// One network of a page with several: its name, what it wrote held against the song, and its sound.

import {countOfText, countsOf, firstWrong} from "./compare_parts.js";
import {errorWords, setText} from "./desk.js";
import {NotesView} from "./notes_view.js";
import {Performer} from "./performer.js";
import {Player} from "./play.js";
import {isolated, Seeds, visibleToken} from "./seed.js";
import {AgainstSong} from "./song.js";
import {TextView} from "./text_view.js";
import {relabel, say, spokenLanguage} from "./words.js";

const SHORT = 50; // tokens of a turn, where the length is without end and nothing is written yet
const USUAL_PIECE = 32; // quarter notes that a roll shows, where there is no song
const MOST_SAID = 400; // tokens that the label of a piano roll names

export class Card {
  #parts = {};
  #seeds;
  #against;
  #looked = 0; // index up to which the first wrong token was looked for
  #first = -1; // its index
  #usual; // returns the settings to return to after a turn in which the network wrote with the music
  #isInTurn = false; // whether it is such a turn
  #isBlocked = false;
  #error = null; // what stopped the writing

  // usual(): {rate, length} of all players; onState(card): it starts, stops, begins or ends to sound;
  // onEnd(card): it sounds no more; onListen(card, index): a click on a note, or without index on its button
  constructor({description, engine, element, speaker, usual, onState, onEnd, onListen}) {
    this.#usual = usual;
    this.description = description;
    this.element = element;
    this.isNotes = description.kind === "notes";
    this.player = new Player(description, engine);
    for (const each of element.querySelectorAll("[data-part]")) this.#parts[each.dataset.part] = each;
    this.#seeds = new Seeds(description);
    this.#against = new AgainstSong(this.player);
    this.performer = new Performer(this.player, speaker, {
      onNote: (index) => this.notes?.play(index),
      onState: () => {
        if (!this.performer.playing) this.#return();
        this.#showState();
        onState(this);
        if (!this.performer.playing) onEnd(this);
      },
    });
    this.#buildView(onListen);
    this.player.onCut((length) => this.#cut(length));
    this.player.onFrame(() => this.#draw());
    this.player.onState((_, error) => {
      this.#error = error;
      this.#drawLabel();
      onState(this);
    });
    this.#parts.listen.addEventListener("click", () => onListen(this));
  }

  get name() { return this.description.name; }
  get hasSong() { return this.#against.hasSong; }
  get canPlay() { return this.isNotes && this.player.ids.length > 0; }
  get isBlocked() { return this.#isBlocked; } // whether the seed has a token that it does not know
  get wholeButton() { return this.#parts.whole; }

  // What stands below the card, without the seed.
  get counts() { return this.#parts.counts.textContent; }

  // The text of all that was written, with the seed.
  get text() { return this.#texts.map(({ids}) => this.#seeds.join(ids)).join("\n"); }

  parse(text) { return this.#seeds.parse(text); }

  // Reads a seed: {ids, unknown} of parse.
  begin({ids, unknown}) {
    this.performer.stop();
    this.player.stop();
    const isEmpty = !ids.length && this.#seeds.boundary < 0;
    this.#isBlocked = unknown.length > 0 || isEmpty;
    this.player.begin(this.#isBlocked ? [] : ids, {empty: this.#isBlocked});
    this.#showState();
  }

  // Sounds from the token with this index; a network that has written nothing writes with the music.
  play(from = 0) {
    const {player} = this;
    if (!player.written && player.canBegin) {
      this.#isInTurn = true;
      player.set({rate: "music", length: player.settings.length || SHORT});
      player.start();
    }
    this.performer.play(from);
  }

  silence() { this.performer.stop(); }

  // Marks that it is this network that sounds, in the page and for a screen reader.
  mark(isSounding) {
    if (isSounding) this.element.setAttribute("aria-current", "true");
    else this.element.removeAttribute("aria-current");
  }

  relabel() {
    const {sentence} = this.description;
    const {name} = this;
    const parts = this.#parts;
    relabel(this.element);
    setText(parts.name, name);
    setText(parts.sentence, typeof sentence === "string" ? sentence : sentence[spokenLanguage()] ?? sentence.en);
    parts.written.setAttribute("aria-label", say("compare_written", {name}));
    parts.whole.setAttribute("aria-label", say("compare_listen_name", {button: say("compare_whole"), name}));
    this.#showState();
    this.#drawLabel();
    this.#draw();
  }

  #buildView(onListen) {
    const {roll, written, listen} = this.#parts;
    roll.hidden = listen.hidden = !this.isNotes;
    written.hidden = this.isNotes;
    if (!this.isNotes) {
      new TextView(written, this.player, this.#seeds, () => {});
      return;
    }
    const {song, sounds} = this.description;
    const piece = song?.reduce((sum, id) => sum + (sounds[id]?.quarters ?? 0), 0) || USUAL_PIECE;
    this.notes = new NotesView(roll, this.player, this.#against, (index) => onListen(this, index), {piece});
    this.notes.titleOf = (index) => this.#titleOf(index);
  }

  get #texts() { return [...this.player.earlier, {ids: this.player.ids, bits: this.player.bits}]; }

  #return() { // to the settings before a turn
    if (!this.#isInTurn) return;
    this.#isInTurn = false;
    this.player.stop();
    this.player.set(this.#usual());
  }

  #cut(length) {
    if (length <= this.#first || length === 0) this.#first = -1;
    this.#error = null;
    this.#looked = Math.min(this.#looked, length);
  }

  #placeOf(index) { return index - this.player.seedLength + 1; }

  #shown(id) { return isolated(visibleToken(this.description.tokens[id])); } // in a sentence

  #titleOf(index) {
    const token = this.#shown(this.player.ids[index]);
    const wanted = this.#against.isWrong(index) ? this.#against.wanted(index) : undefined;
    const place = this.#placeOf(index);
    if (place < 1) return token;
    if (wanted === undefined) return say("compare_note", {place, token});
    return say("compare_note_wrong", {place, token, wanted: this.#shown(wanted)});
  }

  #draw() {
    const {player, isNotes} = this;
    const against = this.#against;
    const {ids, seedLength, ended} = player;
    if (this.#first < 0) this.#first = firstWrong(against, Math.max(this.#looked, seedLength), ids.length);
    this.#looked = ids.length;
    against.count();
    const {hasSong, follows, wrong, compared, songIsCut} = against;
    const texts = this.#texts.length;
    const bits = isNotes ? NaN : meanOf(this.#texts, seedLength);
    const {boundary} = this.description;
    const count = this.#texts.reduce((sum, text) => sum + countOfText(text.ids, seedLength, boundary), 0);
    const beyond = songIsCut ? 0 : countOfText(ids, seedLength, boundary) - compared;
    const first = this.#placeOf(this.#first);
    const words = this.#isBlocked ? say("compare_blocked")
      : countsOf({isNotes, count, beyond, texts, hasSong, follows, wrong, compared, first, bits, ended});
    setText(this.#parts.counts, [words, errorWords(this.#error)].filter(Boolean).join(" · "));
  }

  #drawLabel() {
    if (!this.isNotes || this.player.running) return;
    const notes = this.player.ids.slice(0, MOST_SAID).map((id, index) => {
      const note = this.#shown(id);
      return this.#against.isWrong(index) ? say("compare_roll_wrong", {note}) : note;
    });
    this.#parts.roll.setAttribute("aria-label", say("compare_roll", {name: this.name, notes: notes.join(" ")}));
  }

  #showState() {
    const {listen} = this.#parts;
    const button = say(this.performer.playing ? "compare_listen_stop" : "compare_listen");
    setText(listen, button);
    listen.setAttribute("aria-label", say("compare_listen_name", {button, name: this.name}));
    listen.disabled = !this.canPlay;
  }
}

function meanOf(texts, from) { // the mean surprise of all texts after their seed
  let sum = 0, count = 0;
  for (const {bits} of texts) {
    for (let index = from; index < bits.length; index += 1) sum += bits[index];
    count += bits.length - from;
  }
  return sum / count;
}
