/**
 * Every text of the page is in an element of its own, which goes when the text changes. Browsers that translate a page put
 * elements of theirs in the place of its text nodes: Preact would write what is new into a node that nobody sees any more.
 */
import { type ComponentChildren, h, options, type VNode } from 'preact';

const TAG = 'hokm-text';
/** Hold text only, or are no HTML. */
const BARE: ReadonlySet<string> = new Set([TAG, 'option', 'textarea', 'title', 'style', 'text', 'tspan']);

/** Before the first element is made. */
export function keepTextsApart(): void {
  const next = options.vnode;
  options.vnode = (vnode: VNode<{ children?: ComponentChildren }>) => {
    const { type, props } = vnode;
    if (typeof type === 'string' && !BARE.has(type) && hasText(props.children)) props.children = apart(props.children);
    next?.(vnode);
  };
}

const isText = (child: unknown): child is string | number =>
  typeof child === 'number' || (typeof child === 'string' && child !== '');

const hasText = (children: unknown): boolean => (Array.isArray(children) ? children.some(isText) : isText(children));

/** Texts that stand side by side stay one: in a flexible box each element is a thing of its own. */
function apart(children: ComponentChildren): ComponentChildren {
  if (isText(children)) return element(String(children), 0);
  const kept: ComponentChildren[] = [];
  let text = '';
  let texts = 0;
  const end = () => {
    // White space alone never changes.
    if (text.trim() === '') kept.push(text);
    else kept.push(element(text, texts++));
    text = '';
  };
  for (const child of children as readonly ComponentChildren[]) {
    if (isText(child)) {
      text += child;
      continue;
    }
    if (text !== '') end();
    kept.push(child);
  }
  if (text !== '') end();
  return kept;
}

const element = (text: string, at: number): VNode => h(TAG, { key: `${at} ${text}` }, text);
