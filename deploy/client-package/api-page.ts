/** The reference page of the client package, made from its declarations. PURE. */
import type { Declared } from './declarations.js';

const VALUE = /^(?:abstract )?(?:class|const|function)\b/;

/** Markdown: first what a program calls, then the types; each with its doc comment and its declaration. */
export function apiPage(name: string, exported: readonly Declared[]): string {
  const isValue = ({ code }: Declared) => VALUE.test(code);
  const parts = [
    { title: 'Functions, classes and constants', entries: exported.filter(isValue) },
    { title: 'Types', entries: exported.filter((declared) => !isValue(declared)) },
  ];
  const link = (entry: Declared) => `[${entry.name}](#${entry.name.toLowerCase()})`;
  return [
    `# API of ${name}`,
    'Made from the declarations in `types/`. How to begin is in [README.md](README.md).',
    ...parts.map(({ title, entries }) => `- ${title}: ${entries.map(link).join(', ')}`),
    ...parts.flatMap(({ title, entries }) => [`## ${title}`, ...entries.flatMap(section)]),
  ]
    .join('\n\n')
    .concat('\n');
}

function section({ name, docs, code }: Declared): string[] {
  // Tags of a doc comment become lines of their own.
  const text = docs.replace(/\s*@(param|throws|returns) /g, '\n\n`@$1` ').trim();
  return [`### ${name}`, ...(text === '' ? [] : [text]), `\`\`\`ts\n${code}\n\`\`\``];
}
