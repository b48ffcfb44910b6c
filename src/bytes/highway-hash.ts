/**
 * A HighwayHash in progress: four lanes of each of `v0`, `v1`, `mul0`, `mul1`, every lane as its low and its high 32
 * bits (https://github.com/google/highwayhash, the portable implementation).
 */
type State = Int32Array;

/** Where the four lanes begin in a state. */
const V0 = 0;
const V1 = 8;
const MUL0 = 16;
const MUL1 = 24;
const LANE_WORDS = 8;
const PACKET_BYTES = 32;

/** What `mul0` and `mul1` start with: digits of π. */
const INITIAL = [
  [0xdbe6d5d5fe4cce2fn, 0xa4093822299f31d0n, 0x13198a2e03707344n, 0x243f6a8885a308d3n],
  [0x3bd39e10cb0ef593n, 0xc0acf169b5f18a8cn, 0xbe5466cf34e90c6cn, 0x452821e638d01377n],
] as const;
const FINAL_ROUNDS = 4;

/**
 * The 64-bit HighwayHash of `data`, which the headers of Riegeli files hold. About 200 MB/s.
 *
 * @param key Four 64-bit integers.
 */
export function highwayHash64(key: readonly [bigint, bigint, bigint, bigint], data: Uint8Array): bigint {
  const state = start(key);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const whole = data.length - (data.length % PACKET_BYTES);
  for (let offset = 0; offset < whole; offset += PACKET_BYTES) update(state, view, offset);
  if (whole < data.length) updateRemainder(state, data.subarray(whole));
  return finish(state);
}

function start(key: readonly bigint[]): State {
  const state = new Int32Array(4 * LANE_WORDS);
  for (let lane = 0; lane < 4; lane++) {
    const mul0 = INITIAL[0][lane] ?? 0n;
    const mul1 = INITIAL[1][lane] ?? 0n;
    const word = key[lane] ?? 0n;
    setLane(state, V0 + lane * 2, mul0 ^ word);
    setLane(state, V1 + lane * 2, mul1 ^ ((word >> 32n) | (word << 32n)));
    setLane(state, MUL0 + lane * 2, mul0);
    setLane(state, MUL1 + lane * 2, mul1);
  }
  return state;
}

function setLane(state: State, at: number, value: bigint): void {
  state[at] = Number(BigInt.asIntN(32, value));
  state[at + 1] = Number(BigInt.asIntN(32, value >> 32n));
}

/** `state[at] += (high, low)`, as 64-bit integers. */
function add(state: State, at: number, low: number, high: number): void {
  const before = state[at] ?? 0;
  const sum = (before + low) | 0;
  // The carry, without leaving 32-bit integers: both have the top bit, or one of them has and the sum has not.
  const carry = ((before & low) | ((before | low) & ~sum)) >>> 31;
  state[at] = sum;
  state[at + 1] = ((state[at + 1] ?? 0) + high + carry) | 0;
}

/** `state[at] ^= a * b`, of which `a` and `b` have 32 bits and the product 64. */
function xorProduct(state: State, at: number, a: number, b: number): void {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  // None of these sums exceeds 32 bits.
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const carried = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  const high = Math.imul(aHigh, bHigh) + (middle >>> 16) + (carried >>> 16);
  state[at] = (state[at] ?? 0) ^ Math.imul(a, b);
  state[at + 1] = (state[at + 1] ?? 0) ^ high;
}

function update(state: State, packet: DataView, offset: number): void {
  for (let lane = 0; lane < LANE_WORDS; lane += 2) {
    const v0 = V0 + lane;
    const v1 = V1 + lane;
    add(state, v1, state[MUL0 + lane] ?? 0, state[MUL0 + lane + 1] ?? 0);
    add(state, v1, packet.getInt32(offset + lane * 4, true), packet.getInt32(offset + lane * 4 + 4, true));
    xorProduct(state, MUL0 + lane, state[v1] ?? 0, state[v0 + 1] ?? 0);
    add(state, v0, state[MUL1 + lane] ?? 0, state[MUL1 + lane + 1] ?? 0);
    xorProduct(state, MUL1 + lane, state[v0] ?? 0, state[v1 + 1] ?? 0);
  }
  zipperMergeAndAdd(state, V1, V0);
  zipperMergeAndAdd(state, V1 + 4, V0 + 4);
  zipperMergeAndAdd(state, V0, V1);
  zipperMergeAndAdd(state, V0 + 4, V1 + 4);
}

/** Adds the bytes of two lanes, in an order that spreads those of the products, to two other lanes. */
function zipperMergeAndAdd(state: State, from: number, to: number): void {
  const low0 = state[from] ?? 0;
  const high0 = state[from + 1] ?? 0;
  const low1 = state[from + 2] ?? 0;
  const high1 = state[from + 3] ?? 0;
  add(
    state,
    to,
    (low0 >>> 24) | ((high1 & 0xff) << 8) | (low0 & 0xff0000) | ((high0 & 0xff00) << 16),
    ((high1 >>> 16) & 0xff) | (low0 & 0xff00) | ((high1 >>> 8) & 0xff0000) | (low0 << 24),
  );
  add(
    state,
    to + 2,
    (low1 >>> 24) | ((high0 & 0xff) << 8) | (low1 & 0xff0000) | ((high1 & 0xff00) << 16),
    ((low1 >>> 8) & 0xff) | ((high0 >>> 8) & 0xff00) | ((low1 & 0xff) << 16) | (high0 & 0xff000000),
  );
}

/** The last 1 to 31 bytes, laid out in a packet in such a way that their number counts too. */
function updateRemainder(state: State, rest: Uint8Array): void {
  const count = rest.length;
  const last = count & 3;
  const words = count - last;
  for (let word = 0; word < LANE_WORDS; word += 2) add(state, V0 + word, count, count);
  for (let word = V1; word < V1 + LANE_WORDS; word++) {
    const value = state[word] ?? 0;
    state[word] = (value << count) | (value >>> (32 - count));
  }
  const packet = new Uint8Array(PACKET_BYTES);
  packet.set(rest.subarray(0, words));
  if ((count & 16) !== 0) {
    packet.set(rest.subarray(count - 4), 28);
  } else if (last !== 0) {
    packet[16] = rest[words] ?? 0;
    packet[17] = rest[words + (last >> 1)] ?? 0;
    packet[18] = rest[count - 1] ?? 0;
  }
  update(state, new DataView(packet.buffer), 0);
}

function finish(state: State): bigint {
  const permuted = new DataView(new ArrayBuffer(PACKET_BYTES));
  for (let round = 0; round < FINAL_ROUNDS; round++) {
    // Lanes 2, 3, 0, 1 of v0, each with its halves exchanged.
    for (let word = 0; word < LANE_WORDS; word++) {
      permuted.setInt32(word * 4, state[V0 + (((word + 4) ^ 1) % LANE_WORDS)] ?? 0, true);
    }
    update(state, permuted, 0);
  }
  const sum = [V0, V1, MUL0, MUL1].reduce((total, at) => total + lane(state, at), 0n);
  return BigInt.asUintN(64, sum);
}

function lane(state: State, at: number): bigint {
  return (BigInt((state[at + 1] ?? 0) >>> 0) << 32n) | BigInt((state[at] ?? 0) >>> 0);
}
