/** What the person at this device likes: kept here, shown by attributes of the document that the styles follow. */
import type { TextStorage } from '../../client/browser.js';
import { LANGUAGES, type Language } from '../text/text.js';

export interface Likes {
  readonly name: string;
  readonly language: Language;
  readonly theme: 'auto' | 'light' | 'dark';
  readonly fourColours: boolean;
  readonly sound: boolean;
  readonly vibration: boolean;
}

const KEY = 'hokm.likes';

export class Preferences {
  private likes: Likes;
  private readonly listeners = new Set<() => void>();
  private readonly prefersDark = matchMedia('(prefers-color-scheme: dark)');

  constructor(private readonly storage: TextStorage | undefined) {
    const persian = navigator.languages.some((language) => language.startsWith('fa'));
    this.likes = {
      name: '',
      language: persian ? 'fa' : 'en',
      theme: 'auto',
      fourColours: false,
      sound: true,
      vibration: true,
      ...this.stored(),
    };
    this.prefersDark.addEventListener('change', () => this.show());
    this.show();
  }

  get current(): Likes {
    return this.likes;
  }

  change(part: Partial<Likes>): void {
    this.likes = { ...this.likes, ...part };
    try {
      this.storage?.setItem(KEY, JSON.stringify(this.likes));
    } catch {
      // Kept until the page is closed.
    }
    this.show();
    for (const listener of this.listeners) listener();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private stored(): Partial<Likes> {
    try {
      const { name, language, theme, fourColours, sound, vibration } = JSON.parse(this.storage?.getItem(KEY) ?? '{}');
      return {
        ...(typeof name === 'string' ? { name: name.slice(0, 40) } : {}),
        ...(language === 'en' || language === 'fa' ? { language } : {}),
        ...(theme === 'auto' || theme === 'light' || theme === 'dark' ? { theme } : {}),
        ...(typeof fourColours === 'boolean' ? { fourColours } : {}),
        ...(typeof sound === 'boolean' ? { sound } : {}),
        ...(typeof vibration === 'boolean' ? { vibration } : {}),
      };
    } catch {
      return {};
    }
  }

  private show(): void {
    const { language, theme, fourColours } = this.likes;
    const root = document.documentElement;
    const dark = theme === 'auto' ? this.prefersDark.matches : theme === 'dark';
    root.lang = language;
    root.dir = LANGUAGES[language].dir;
    root.dataset.theme = dark ? 'dark' : 'light';
    root.dataset.deck = fourColours ? 'four' : 'two';
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', dark ? '#0c211f' : '#f3efe6');
  }
}
