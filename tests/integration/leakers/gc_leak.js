// Leaks under a collector's sawtooth: every request makes garbage and leaves a little in a map that
// nothing is ever taken out of. `gc_leak.js healthy` takes it out again. LEAKER_SLOWNESS as in leaker.h.
'use strict';
const healthy = process.argv[2] === 'healthy';
const kept = new Map();
const kTicksPerSecond = 20;
const kKeptPerTick = Math.floor(2 * 1048576 / kTicksPerSecond / 8);
let ticks = 0;
setInterval(() => {
  let garbage = [];
  for (let i = 0; i < 400; ++i) garbage.push(new Array(256).fill(ticks + i));
  // Doubles on the JavaScript heap: the collector looks after them.
  kept.set(ticks, new Array(kKeptPerTick).fill(ticks + 0.5));
  if (healthy) kept.delete(ticks - 5 * kTicksPerSecond);
  ++ticks;
}, 1000 / kTicksPerSecond * Number(process.env.LEAKER_SLOWNESS || 1));
