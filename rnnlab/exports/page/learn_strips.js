// What the network of each snapshot writes after the seed, and what is shown of it: a small piano roll, or text.

import {songOffset} from "./song.js";

const NOTES_SHOWN = 48;
const COLUMNS_SHOWN = 40; // of a text; a wide letter, as of Korean, takes two
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
const LONGEST_LOOP = 8;

/**
 * Write greedily after a seed, a few steps at a time: each `next()` of the generator lets the network read one token.
 *
 * @param {object} source of the engine, which nobody else uses
 * @param {number[]} seed ids, with the boundary in front if the network has one
 * @param {object} limits {regime, window} of the network; length: tokens at most; stop: the id that ends it;
 *   isFull(ids): whether enough is written
 * @returns the ids that were written, with the stop token if it came
 */
export function* greedyContinuation(source, seed, choose, {regime, window, length, stop, isFull = () => false}) {
  // Windows without a carried state need only the last one; else the seed is read a token at a time.
  const head = regime === "windows" ? seed.length : regime === "stream" ? 1 : Math.min(window, seed.length);
  let logits = source.start(seed.slice(0, head));
  for (const id of seed.slice(head)) {
    yield;
    logits = source.feed(id);
  }
  const written = [];
  while (written.length < length) {
    if (written.length) {
      yield;
      logits = source.feed(written.at(-1));
    }
    if (!logits.every(Number.isFinite)) break; // the training diverged: this snapshot writes nothing more
    const id = choose(logits, {temperature: 0, topK: null, topP: null, minP: null}, 0);
    written.push(id);
    if (id === stop || isFull(written)) break;
  }
  return written;
}

/** Return the tokens of the song that follow the seed's first place in it; null if there are none. */
export function expectedAfter(song, seed) {
  const begin = songOffset(seed, song);
  const rest = begin < 0 ? [] : song.slice(begin + seed.length);
  return rest.length ? rest : null;
}

/** Return how many tokens to write for a row: the rest of the song, but a row is not endless. */
export function lengthOfRow({kind}, expected) {
  if (kind === "text") return COLUMNS_SHOWN;
  return expected ? Math.min(expected.length, 2 * NOTES_SHOWN) : NOTES_SHOWN;
}

/** Return whether each written token is the expected one, `null` where nothing is expected. */
export function rightness(written, expected) {
  return written.map((id, place) => (expected && place < expected.length ? id === expected[place] : null));
}

/** Return after how many tokens a text repeats itself from its second half on, at least three times; 0: it does not. */
export function loopOf(written) {
  for (let size = 1; size <= LONGEST_LOOP; size++) {
    const begin = Math.min(Math.floor(written.length / 2), written.length - 3 * size);
    if (begin < 0) return 0;
    if (written.slice(begin + size).every((id, place) => id === written[begin + place])) return size;
  }
  return 0;
}

/** Return the beginning of a text that fits into 40 columns; control characters and marks of direction are shown. */
export function shortText(tokens) {
  let columns = 0;
  let text = "";
  for (const character of tokens.join("")) {
    const shown = learnVisible(character);
    columns += WIDE.test(character) ? 2 : 1;
    if (columns > COLUMNS_SHOWN) break;
    text += shown;
  }
  return text;
}

/** Return whether written ids fill the 40 columns of a row. */
export function fillsRow(tokens) {
  let columns = 0;
  for (const character of tokens.join("")) columns += WIDE.test(character) ? 2 : 1;
  return columns >= COLUMNS_SHOWN;
}

function learnVisible(character) {
  const code = character.codePointAt(0);
  if (character === "\n") return "↵";
  if (character === "\t") return "⇥";
  if (code < 32) return String.fromCodePoint(0x2400 + code);
  if (code === 127) return "␡";
  return /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(character) ? "�" : character;
}

/**
 * Return the bars of a piano roll: {x, width} in quarters from its beginning, the pitch, and whether it is right.
 *
 * A tied note is as long as both; a chord has a bar for each of its notes; a rest has none.
 */
export function barsOf(written, sounds, right) {
  const bars = [];
  let x = 0;
  let tied = [];
  written.forEach((id, place) => {
    const sound = sounds[id];
    if (!sound) return;
    const begun = sound.pitches.map((pitch) => {
      const held = tied.find((bar) => bar.pitch === pitch);
      if (held) held.width += sound.quarters;
      else bars.push({x, width: sound.quarters, pitch, right: right[place]});
      return held ?? bars.at(-1);
    });
    tied = sound.tied ? begun : [];
    x += sound.quarters;
  });
  return {bars, quarters: x};
}

/** Return the lowest and the highest pitch of all that a network can play, for rolls of one scale. */
export function pitchRange(sounds) {
  const pitches = sounds.flatMap((sound) => sound?.pitches ?? []);
  return pitches.length ? [Math.min(...pitches), Math.max(...pitches)] : [60, 60];
}
