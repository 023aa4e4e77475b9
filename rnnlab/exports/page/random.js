// The random numbers of `rnnlab generate`, bit for bit: NumPy's SeedSequence and PCG64.
//
// PCG64 is PCG XSL RR 128/64 of Melissa O'Neill (2014, "PCG: A Family of Simple Fast Space-Efficient
// Statistically Good Algorithms for Random Number Generation"); SeedSequence follows her seed_seq_fe (2015).

const MASK_128 = (1n << 128n) - 1n;
const MASK_64 = (1n << 64n) - 1n;
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;
const POOL = 4;

/** Return a function that returns the next uniform number in [0, 1) of one lane of a random seed. */
export function uniforms(seed, lane = 0) {
  const words = seedWords([...wordsOf(seed), ...wordsOf(lane)], 8);
  const [first, second, third, fourth] = [0, 2, 4, 6].map(
    (at) => (BigInt(words[at + 1]) << 32n) | BigInt(words[at]),
  );
  const increment = ((((third << 64n) | fourth) << 1n) | 1n) & MASK_128;
  let state = (increment + ((first << 64n) | second)) & MASK_128;
  const advance = () => {
    state = (state * MULTIPLIER + increment) & MASK_128;
  };
  advance();
  return () => {
    advance();
    const mixed = (state >> 64n) ^ (state & MASK_64);
    const turn = state >> 122n;
    const turned = ((mixed >> turn) | (mixed << (64n - turn))) & MASK_64;
    return Number(turned >> 11n) / 2 ** 53;
  };
}

/** Return a whole number that is not negative as words of 32 bits, the lowest first. */
function wordsOf(number) {
  const words = [];
  for (let rest = BigInt(number); rest > 0n || !words.length; rest >>= 32n) words.push(Number(rest & 0xffffffffn));
  return words;
}

/** Return words of 32 bits that a SeedSequence makes of the entropy. */
function seedWords(entropy, count) {
  let constant = 0x43b0d7e5;
  const hashed = (word) => {
    let value = word ^ constant;
    constant = Math.imul(constant, 0x931e8875);
    value = Math.imul(value, constant);
    return (value ^ (value >>> 16)) >>> 0;
  };
  const mixed = (x, y) => {
    const value = (Math.imul(x, 0xca01f9dd) - Math.imul(y, 0x4973f715)) | 0;
    return (value ^ (value >>> 16)) >>> 0;
  };
  const pool = Array.from({length: POOL}, (_, place) => hashed(entropy[place] ?? 0));
  for (let source = 0; source < POOL; source++) {
    for (let target = 0; target < POOL; target++) {
      if (source !== target) pool[target] = mixed(pool[target], hashed(pool[source]));
    }
  }
  for (const word of entropy.slice(POOL)) {
    for (let target = 0; target < POOL; target++) pool[target] = mixed(pool[target], hashed(word));
  }
  constant = 0x8b51f9dd;
  return Array.from({length: count}, (_, place) => {
    let value = pool[place % POOL] ^ constant;
    constant = Math.imul(constant, 0x58f38ded);
    value = Math.imul(value, constant);
    return (value ^ (value >>> 16)) >>> 0;
  });
}
