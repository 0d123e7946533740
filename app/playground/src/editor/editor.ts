/** Text that can be edited, in a shadow tree: only there do the editor's styles obey the Content-Security-Policy. */
import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { type Diagnostic as Mark, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { theme } from "./theme.ts";
import { typeOver } from "./type-over.ts";

export interface EditorOptions {
  readonly parent: HTMLElement;
  readonly label: string;
  readonly isReadOnly?: boolean;
  readonly hasLineNumbers?: boolean;
  readonly extensions: Extension;
  readonly onChange?: () => void;
}

export class Editor {
  readonly #view: EditorView;

  constructor({
    parent,
    label,
    isReadOnly = false,
    hasLineNumbers = false,
    extensions,
    onChange,
  }: EditorOptions) {
    const root = parent.attachShadow({ mode: "open" });
    this.#view = new EditorView({
      root,
      parent: root,
      extensions: [
        theme,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": label }),
        isReadOnly ? readOnly : editable,
        hasLineNumbers ? [lineNumbers(), highlightActiveLineGutter()] : [],
        extensions,
        EditorView.updateListener.of(({ docChanged }) => {
          if (docChanged) onChange?.();
        }),
      ],
    });
  }

  get text(): string {
    return this.#view.state.doc.toString();
  }

  /** Can be undone, where it can be edited. */
  set text(text: string) {
    if (text === this.text) return;
    this.#view.dispatch({ changes: { from: 0, to: this.#view.state.doc.length, insert: text } });
  }

  mark(marks: readonly Mark[]): void {
    this.#view.dispatch(setDiagnostics(this.#view.state, marks));
  }

  goTo(from: number, to: number): void {
    const { length } = this.#view.state.doc;
    this.#view.dispatch({
      selection: { anchor: Math.min(from, length), head: Math.min(to, length) },
      scrollIntoView: true,
    });
    this.#view.focus();
  }
}

const readOnly: Extension = [
  EditorState.readOnly.of(true),
  EditorView.editable.of(false),
  EditorView.contentAttributes.of({ tabindex: "0" }),
];

const editable: Extension = [
  typeOver,
  history(),
  bracketMatching(),
  closeBrackets(),
  indentOnInput(),
  autocompletion({ icons: false }),
  // Tab takes what is offered; when nothing is it leaves the editor, so that keys alone lead in and out.
  keymap.of([
    { key: "Tab", run: acceptCompletion },
    ...closeBracketsKeymap,
    ...defaultKeymap,
    ...historyKeymap,
    ...completionKeymap,
    ...lintKeymap,
  ]),
];
