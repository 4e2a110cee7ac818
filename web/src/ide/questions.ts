/** Questions the page asks the person, one at a time, as promises: whoever asks goes on with the answer. */

export interface Answer {
  value: string;
  label: string;
  /** Destroys something. */
  danger?: boolean;
}

export interface Question {
  title: string;
  text: string;
  /** Names it is about, listed below the text. */
  names?: readonly string[];
  /** Asks for a text, which is then the answer in place of the first one's value. */
  field?: { label: string; value: string; longest: number };
  /** The first is the one that Enter chooses. */
  answers: readonly Answer[];
}

interface Asked {
  question: Question;
  resolve: (value: string | null) => void;
}

export class Questions {
  private queue: Asked[] = [];
  private listeners = new Set<() => void>();

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** The question on the screen. */
  snapshot = (): Question | null => this.queue[0]?.question ?? null;

  /** The chosen answer's value, or the text that was asked for; null when the person closed the question. */
  ask(question: Question): Promise<string | null> {
    return new Promise((resolve) => {
      this.queue.push({ question, resolve });
      this.changed();
    });
  }

  answer(value: string | null): void {
    const asked = this.queue.shift();
    asked?.resolve(value);
    this.changed();
  }

  private changed(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
