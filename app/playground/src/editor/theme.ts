/** The editors in the page's own colours. Custom properties reach into their shadow trees. */
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const highlight = HighlightStyle.define([
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
  { tag: [tags.string, tags.literal], color: "var(--hue-string)" },
  { tag: tags.regexp, color: "var(--hue-regexp)" },
  { tag: [tags.number, tags.atom], color: "var(--hue-number)" },
  { tag: tags.keyword, color: "var(--hue-keyword)", fontWeight: "600" },
  { tag: tags.function(tags.variableName), color: "var(--hue-function)" },
  { tag: tags.propertyName, color: "var(--hue-path)" },
  { tag: [tags.operator, tags.punctuation], color: "var(--soft)" },
]);

/** Instead of the images that come with the editor: the Content-Security-Policy allows no data: addresses. */
function squiggle(color: string): Record<string, string> {
  return {
    backgroundImage: "none",
    textDecoration: `underline wavy ${color} 1px`,
    textDecorationSkipInk: "none",
    textUnderlineOffset: "3px",
  };
}

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { font: "13px/1.55 var(--mono)", overflow: "auto" },
  ".cm-content": { padding: "0.55rem 0", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 0.75rem" },
  ".cm-gutters": { color: "var(--soft)", backgroundColor: "transparent", border: "0" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 0 0 0.75rem", minWidth: "2rem" },
  ".cm-activeLineGutter": { color: "var(--ink)", backgroundColor: "transparent" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-ground)" },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "var(--bad-ground)" },
  ".cm-selectionMatch": { backgroundColor: "var(--accent-ground)" },
  ".cm-tooltip": {
    color: "var(--ink)",
    backgroundColor: "var(--card)",
    border: "1px solid var(--strong-line)",
    borderRadius: "6px",
    boxShadow: "0 4px 16px rgb(0 0 0 / 18%)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { font: "13px/1.5 var(--mono)", maxHeight: "16rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.1rem 0.6rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    color: "var(--ink)",
    backgroundColor: "var(--accent-ground)",
  },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-completionDetail": { color: "var(--soft)", fontStyle: "normal", marginLeft: "1em" },
  ".cm-tooltip.cm-completionInfo": { padding: "0", maxWidth: "26rem", maxHeight: "20rem", overflow: "auto" },
  ".cm-lintRange": { paddingBottom: "0" },
  ".cm-lintRange-error": squiggle("var(--bad)"),
  ".cm-lintRange-warning": squiggle("var(--warn)"),
  ".cm-lintRange-info": squiggle("var(--soft)"),
  ".cm-lintPoint-error::after": { borderBottomColor: "var(--bad)" },
  ".cm-lintPoint-warning::after": { borderBottomColor: "var(--warn)" },
  ".cm-tooltip-lint": { overflow: "hidden" },
  ".cm-diagnostic": { padding: "0.35rem 0.7rem", maxWidth: "34rem", marginLeft: "0" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--bad)" },
  ".cm-diagnostic-warning": { borderLeft: "3px solid var(--warn)" },
  ".cm-diagnostic-info": { borderLeft: "3px solid var(--strong-line)" },
  ".cm-panels": { color: "var(--ink)", backgroundColor: "var(--raised)" },
  ".cm-panels.cm-panels-bottom": { borderTop: "1px solid var(--line)" },
  ".function-card": { padding: "0.55rem 0.75rem", maxWidth: "26rem", font: "13px/1.45 var(--sans)" },
  ".function-card p": { margin: "0.45rem 0 0", whiteSpace: "pre-line" },
  ".function-card code": { font: "0.92em var(--mono)" },
  ".function-card .signature": {
    whiteSpace: "pre-wrap",
    font: "12.5px/1.5 var(--mono)",
    overflowWrap: "anywhere",
  },
  ".function-card dl": { margin: "0.3rem 0 0" },
  ".function-card dt": { marginTop: "0.25rem", font: "12px/1.6 var(--mono)", color: "var(--hue-path)" },
  ".function-card dd": { margin: "0 0 0 1rem", whiteSpace: "pre-line" },
});

/** Events hold long texts without a space: they go on where the line ends, not on a line of their own. */
export const breaksAnywhere: Extension = EditorView.theme({ ".cm-lineWrapping": { wordBreak: "break-all" } });

export const theme: Extension = [look, syntaxHighlighting(highlight)];
