// The dropout that torch draws on a CPU: SHA-256 of seed and name seeds MT19937, whose words say what is kept.
const sha256 = (bytes) => {
  const primes = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
  const bits = (root) => Math.floor((root % 1) * 2 ** 32) | 0;
  const round = primes.map((p) => bits(Math.cbrt(p)));
  const state = primes.slice(0, 8).map((p) => bits(Math.sqrt(p)));
  const padded = new DataView(new ArrayBuffer((((bytes.length + 8) >> 6) + 1) << 6));
  bytes.forEach((byte, at) => padded.setUint8(at, byte));
  padded.setUint8(bytes.length, 0x80);
  padded.setUint32(padded.byteLength - 4, bytes.length * 8); // names are short: the length fits 32 bits
  const turned = (x, by) => (x >>> by) | (x << (32 - by));
  for (let block = 0; block < padded.byteLength; block += 64) {
    const w = Array.from({ length: 16 }, (_, i) => padded.getInt32(block + 4 * i));
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      if (i > 15) {
        const [x, y] = [w[i - 15], w[i - 2]];
        w[i] = (w[i - 16] + (turned(x, 7) ^ turned(x, 18) ^ (x >>> 3)) + w[i - 7] + (turned(y, 17) ^ turned(y, 19) ^ (y >>> 10))) | 0;
      }
      const first = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + round[i] + w[i]) | 0;
      const second = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((value, at) => (state[at] = (state[at] + value) | 0));
  }
  return state.map((value) => value >>> 0);
};

// The low 32 bits of the first 8 bytes, shifted right by one: torch's generator takes no more.
const imageSeed = (seed, name) => {
  const [high, low] = sha256(new TextEncoder().encode(`${seed}:${name}`));
  return ((high << 31) | (low >>> 1)) >>> 0;
};

// Matsumoto and Nishimura 1998, as init_genrand and genrand_int32 of their code.
const twister = (seed) => {
  const state = new Uint32Array(624);
  state[0] = seed;
  for (let i = 1; i < 624; i++) state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  let at = 624;
  return () => {
    if (at === 624) {
      for (let i = 0; i < 624; i++) {
        const y = (state[i] & 0x80000000) | (state[(i + 1) % 624] & 0x7fffffff);
        state[i] = state[(i + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      at = 0;
    }
    let y = state[at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return y ^ (y >>> 18);
  };
};

const drawMasks = (seed, shapes) => {
  const next = twister(seed);
  return shapes.map((shape) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => {
      const kept = 1 - ((next() >>> 20) & 1);
      next(); // the other half of the 53 bits
      return kept;
    }),
  );
};
