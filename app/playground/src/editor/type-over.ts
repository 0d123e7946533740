/**
 * Types over selected text without the browser's help. Chromium would keep the looks of what was selected in a style
 * attribute; the Content-Security-Policy forbids those, and each would be complained of in the console.
 */
import { EditorSelection, type Extension, type Transaction } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

export const typeOver: Extension = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to, empty } = view.state.selection.main;
    const { data: text } = event;
    if (event.inputType !== "insertText" || text === null || empty || view.composing) return false;
    event.preventDefault();
    const insert = (): Transaction =>
      view.state.update(
        view.state.changeByRange((range) => ({
          changes: { from: range.from, to: range.to, insert: text },
          range: EditorSelection.cursor(range.from + text.length),
        })),
        { userEvent: "input.type", scrollIntoView: true },
      );
    // Others may know better what to do with it: brackets go around what is selected.
    const isHandled = view.state
      .facet(EditorView.inputHandler)
      .some((handler) => handler(view, from, to, text, insert));
    if (!isHandled) view.dispatch(insert());
    return true;
  },
});
