/** A decision in words. PURE. */
import type { DecisionRecord } from './record.js';

export function explain(record: DecisionRecord): string {
  const { instances, wanted, target } = record;
  const lines: string[] = [];
  const present = instances.active + instances.starting;
  lines.push(`Decision ${record.id} at ${record.at}, by ${record.by}${modeOf(record)}`);
  lines.push('');
  lines.push(
    `There are ${counted(instances.active, 'ready instance')}, ${instances.starting} starting, ${instances.draining} draining` +
      `${instances.unknown > 0 ? `, ${instances.unknown} silent` : ''}; ${counted(record.players, 'player')}.`,
  );
  lines.push(`The load is ${amount(record.load)} instances, by ${record.leading} (${metrics(record)}).`);
  if (record.delay_factor > 1)
    lines.push(`Event loops lag on ${record.hot.join(', ')}: the load counts ${record.delay_factor} times.`);
  else if (record.hot.length > 0) lines.push(`Hot: ${record.hot.join(', ')}.`);
  for (const look of record.forecast) {
    lines.push(
      `In ${look.ahead_min} min: ${amount(look.point)} expected, up to ${amount(look.up)} with the margin (${look.candidate}).`,
    );
  }
  lines.push('');
  lines.push(`Wanted: ${wanted}. ${reasons(record)}`);
  if (target > wanted) lines.push(`Scale-in goes down to ${target}: so many were wanted at some time of its window.`);
  if (target < present && record.refusals.length === 0 && record.victims.length > 0) {
    lines.push(`${present - target} too many.`);
  }
  for (const refusal of record.refusals) lines.push(`Refused: ${refusal.text} (${refusal.code}).`);
  for (const victim of record.victims) {
    lines.push(
      `Goes: ${victim.id}, the cheapest to move (score ${amount(victim.score)}: ${counted(victim.players, 'player')}, ` +
        `${counted(victim.rooms, 'room')}, ${victim.stuck} that cannot move).`,
    );
  }
  if (record.actions.length === 0) lines.push('Nothing is done.');
  for (const action of record.actions) lines.push(`→ ${action.text}${how(action)}`);
  lines.push('');
  lines.push(wouldChange(record));
  return `${lines.join('\n')}\n`;
}

/** Without its reasons, but with what was done and refused. */
export function inOneLine({ id, at, load, players, instances, wanted, actions, refusals }: DecisionRecord): string {
  const done = actions.map((action) => `${action.text}${how(action)}`).join('; ') || 'nothing';
  const refused = refusals.length > 0 ? ` (refused: ${refusals.map(({ code }) => code).join(', ')})` : '';
  return `${at} ${id} ${counted(players, 'player')}, load ${load}, ${instances.active} ready, ${wanted} wanted: ${done}${refused}`;
}

/** What became of an action, where it was not just done. */
export const how = ({ outcome, error }: DecisionRecord['actions'][number]): string =>
  outcome === 'done' ? '' : ` [${outcome}${error === undefined ? '' : `: ${error}`}]`;

function modeOf({ mode, fencing }: DecisionRecord): string {
  if (mode === 'plan') return ', without effect.';
  return mode === 'advisory'
    ? `, advisory: nothing is touched (lock number ${fencing}).`
    : ` (lock number ${fencing}).`;
}

function reasons(record: DecisionRecord): string {
  const { wanted, min, max, floor, hold, panic, load, up } = record;
  if (hold !== null) return `Held by hand at ${hold}.`;
  const said: string[] = [];
  if (panic) said.push('The load came unforeseen: room for a quarter more is made.');
  if (floor.schedule !== undefined && wanted === floor.min) said.push(`The schedule "${floor.schedule}" asks for it.`);
  else if (wanted === min && Math.max(load, up) <= min) said.push('That is the minimum of the policy.');
  else if (wanted === max && Math.max(load, up) > max)
    said.push(`That is the maximum of the policy; ${amount(Math.max(load, up))} would be needed.`);
  else if (!panic) said.push(up > load ? 'The forecast asks for it.' : 'The load asks for it.');
  if (record.guard) said.push('Players have dropped as in an outage: what they will come back to is kept.');
  return said.join(' ');
}

function wouldChange({ wanted, max, min, hold, load, up }: DecisionRecord): string {
  if (hold !== null) return 'It changes when the hold ends, or by `scale` again.';
  const now = Math.max(load, up);
  const more = wanted < max ? `One more from a load with margin above ${wanted}` : `No more: the maximum is ${max}`;
  const fewer = wanted > min ? `one fewer from ${wanted - 1} down` : `no fewer: the minimum is ${min}`;
  return `${more}, ${fewer}; it is ${amount(now)} now.`;
}

function metrics({ load_by_metric }: DecisionRecord): string {
  return Object.entries(load_by_metric)
    .map(([metric, load]) => `${metric} ${amount(load)}`)
    .join(', ');
}

const amount = (value: number): string => String(Math.round(value * 100) / 100);
const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
