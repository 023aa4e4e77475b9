// A standard MIDI file of type 0 with one track, byte by byte.
//
// rnnlab reads it again as the same notes: a text event says that its times are exact, and others mark where a tied
// note or a rest has several parts, as in rnnlab/music/midi.py.

const TICKS = 480; // of a quarter note
const EXACT_TIMES = "rnnlab: times are exact";
const PARTS_MEET = "rnnlab: bound";
const VELOCITY = 80;

// Returns what sounds: strikes of a pitch with begin and end in ticks, and the ticks at which parts meet.
export function strikesOf(sounds) {
  const strikes = [];
  const bounds = new Set();
  let held = new Map(); // pitch → the strike that a tie holds
  let quarters = 0;
  let exact = true;
  let before = null;
  const ticks = () => {
    const exactly = quarters * TICKS;
    const rounded = Math.round(exactly);
    exact &&= Math.abs(exactly - rounded) < 1e-3;
    return rounded;
  };
  for (const sound of sounds) {
    if (!sound) continue;
    const begin = ticks();
    quarters += sound.quarters;
    const end = ticks();
    const still = new Map();
    let joins = before !== null && !before.pitches.length && !sound.pitches.length;
    for (const pitch of sound.pitches) {
      let strike = held.get(pitch);
      if (strike) {
        strike.end = end;
        joins = true;
      } else {
        strike = {begin, end, pitch};
        strikes.push(strike);
      }
      if (sound.tied) still.set(pitch, strike);
    }
    if (joins) bounds.add(begin);
    held = still;
    before = sound;
  }
  return {strikes, bounds: [...bounds], end: ticks(), exact};
}

// Returns the bytes of the file.
//   sounds  [{pitches, quarters, tied} | null, …]: tokens in order, as `sounds` of the page's data gives them
//   tempo   quarter notes a minute; meter: "4/4" or null; program: General MIDI instrument, 0..127; name: of the track
export function midiOf(sounds, {tempo = 120, meter = null, program = 0, name = ""} = {}) {
  const {strikes, bounds, end, exact} = strikesOf(sounds);
  const events = []; // [tick, order, bytes]
  const add = (tick, order, ...bytes) => events.push([tick, order, bytes]);
  if (name) add(0, 0, ...textEvent(0x03, name));
  if (exact) add(0, 0, ...textEvent(0x01, EXACT_TIMES));
  add(0, 0, 0xff, 0x51, 3, ...bigEndian(Math.min(Math.max(Math.round(60_000_000 / tempo), 1), 0xffffff), 3));
  const [beats, unit] = (meter ?? "").split("/").map(Number);
  const isMeter = Number.isInteger(beats) && beats >= 1 && beats <= 255 && Number.isInteger(Math.log2(unit));
  if (isMeter && unit <= 128) {
    add(0, 0, 0xff, 0x58, 4, beats, Math.log2(unit), 24, 8);
  }
  add(0, 1, 0xc0, program);
  if (exact) for (const tick of bounds) add(tick, 2, ...textEvent(0x01, PARTS_MEET));
  for (const strike of strikes) {
    if (strike.end <= strike.begin) continue;
    add(strike.end, 3, 0x80, strike.pitch, 64);
    add(strike.begin, 4, 0x90, strike.pitch, VELOCITY);
  }
  add(end, 5, 0xff, 0x2f, 0);
  events.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  const track = [];
  let now = 0;
  for (const [tick, , bytes] of events) {
    track.push(...variableLength(tick - now));
    for (const byte of bytes) track.push(byte);
    now = tick;
  }
  return Uint8Array.from([
    ...latinBytes("MThd"), ...bigEndian(6, 4), ...bigEndian(0, 2), ...bigEndian(1, 2), ...bigEndian(TICKS, 2),
    ...latinBytes("MTrk"), ...bigEndian(track.length, 4),
  ].concat(track));
}

// Returns a number in groups of seven bits, the highest first; all but the last have their top bit set.
export function variableLength(number) {
  const groups = [number & 0x7f];
  for (let rest = Math.floor(number / 128); rest > 0; rest = Math.floor(rest / 128)) {
    groups.unshift((rest & 0x7f) | 0x80);
  }
  return groups;
}

function bigEndian(number, bytes) {
  return Array.from({length: bytes}, (_, index) => Math.floor(number / 256 ** (bytes - 1 - index)) % 256);
}

function latinBytes(text) {
  return Array.from(text, (character) => (character.charCodeAt(0) < 128 ? character.charCodeAt(0) : 0x3f));
}

function textEvent(kind, text) {
  const bytes = latinBytes(text);
  return [0xff, kind, ...variableLength(bytes.length), ...bytes];
}
