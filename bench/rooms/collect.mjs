// On SIGUSR2 all garbage goes, for good: V8 alone gives memory back late, in steps, and not when nothing happens.
// Three rounds, with time between them for what a first one sets free.
const collect = (rounds) => {
  globalThis.gc({ type: "major", execution: "sync", flavor: "last-resort" });
  if (rounds > 1) setTimeout(collect, 300, rounds - 1);
};
process.on("SIGUSR2", () => collect(3));
