const hues = 8;
const given = new Map();

/** Each silo has a colour as long as the page is open, the same everywhere on it. */
export function colourOf(silo) {
  if (!silo) return "var(--idle)";
  if (!given.has(silo)) given.set(silo, given.size % hues);
  return `var(--silo-${given.get(silo)})`;
}
